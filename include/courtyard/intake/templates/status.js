"use strict";
(function () {
  const copy = document.getElementById("copy"), here = document.getElementById("here");
  here.value = location.origin + location.pathname;
  copy.hidden = false;
  copy.addEventListener("click", async function () {
    try {
      await navigator.clipboard.writeText(here.value);
    } catch (error) {
      here.select();
      document.execCommand("copy");
    }
    copy.textContent = "已复制";
  });
  // One answer is enough: a second tap before the page is back would only confuse.
  document.querySelectorAll("form").forEach(function (form) {
    form.addEventListener("submit", function () { setTimeout(function () { form.querySelectorAll("button").forEach((b) => { b.disabled = true; }); }); });
  });
}());
