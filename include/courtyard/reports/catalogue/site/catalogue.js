// Filters the table of the first page. Without it the page is the whole table.
(function () {
  "use strict";
  var root = document.documentElement, table = document.querySelector("table.list[data-filtered]");
  if (!table) return;
  root.classList.add("js");
  var search = document.getElementById("search"), found = document.getElementById("found");
  var choices = { quarter: document.getElementById("quarter"), recipient: document.getElementById("recipient"),
                  report: document.getElementById("report") };
  var states = Array.prototype.slice.call(document.querySelectorAll(".states button"));
  var rows = Array.prototype.slice.call(table.querySelectorAll("tr.row"));
  var nothing = document.getElementById("nothing"), status = "";

  function apply() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row) {
      var fits = words.every(function (word) { return row.dataset.words.indexOf(word) >= 0; }) &&
        (!status || row.dataset.status === status) &&
        Object.keys(choices).every(function (key) { return !choices[key].value || row.dataset[key] === choices[key].value; });
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    Array.prototype.forEach.call(table.tBodies, function (body) {
      body.hidden = body.id !== "nothing" && !body.querySelector("tr.row:not([hidden])");
    });
    nothing.hidden = shown > 0;
    found.textContent = shown === rows.length ? "共 " + rows.length + " 项" : "符合 " + shown + " 项，共 " + rows.length + " 项";
    remember();
  }

  function remember() {
    var kept = new URLSearchParams();
    if (search.value) kept.set("q", search.value);
    if (status) kept.set("status", status);
    Object.keys(choices).forEach(function (key) { if (choices[key].value) kept.set(key, choices[key].value); });
    var text = kept.toString();
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  }

  function press(chosen) {
    status = chosen;
    states.forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.status === status)); });
  }

  function recall() {
    var kept = new URLSearchParams(location.hash.slice(1));
    search.value = kept.get("q") || "";
    Object.keys(choices).forEach(function (key) { choices[key].value = kept.get(key) || ""; });
    press(kept.get("status") || "");
    apply();
  }

  search.addEventListener("input", apply);
  Object.keys(choices).forEach(function (key) { choices[key].addEventListener("change", apply); });
  states.forEach(function (button) {
    button.addEventListener("click", function () { press(status === button.dataset.status ? "" : button.dataset.status); apply(); });
  });
  document.getElementById("clear").addEventListener("click", function () {
    search.value = "";
    Object.keys(choices).forEach(function (key) { choices[key].value = ""; });
    press("");
    apply();
  });
  window.addEventListener("hashchange", recall);
  recall();
})();
