"use strict";
// The draft stays in this phone until it was sent. `sent_as` is the report's own name: sent twice it is one report.
(function () {
  const form = document.getElementById("form"), told = document.getElementById("told");
  const send = document.getElementById("send"), restored = document.getElementById("restored");
  const KEPT = ["sent_as", "courtyard", "description", "name", "address", "phone", "category"];
  const key = "courtyard-draft/" + form.dataset.draft, DAYS = 7, AGAIN_SECONDS = 15;
  const alarms = JSON.parse(form.dataset.alarms);
  let waiting = null, photo = null;

  function kept() {
    try {
      const draft = JSON.parse(localStorage.getItem(key));
      return draft && Date.now() - draft.at < DAYS * 864e5 ? draft : null;
    } catch (error) { return null; }
  }
  function keep(isPending) {
    const draft = { at: Date.now(), pending: isPending, fields: {} };
    KEPT.forEach(function (name) { if (form.elements[name]) draft.fields[name] = form.elements[name].value; });
    try { localStorage.setItem(key, JSON.stringify(draft)); } catch (error) { /* private window: nothing is kept */ }
  }
  function forget() { try { localStorage.removeItem(key); } catch (error) { /* nothing was kept */ } }
  function say(text) { told.textContent = text; told.hidden = !text; if (text) told.scrollIntoView({ block: "center" }); }

  function alarm() {
    const plain = (text) => text.normalize("NFKC").replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
    const text = plain(form.elements.description.value);
    const found = alarms.find(function (one) {
      const left = one.unless.map(plain).sort((a, b) => b.length - a.length).reduce((t, phrase) => t.split(phrase).join("\n"), text);
      return one.words.some((word) => left.includes(plain(word)));
    });
    document.getElementById("alarm").hidden = !found;
    document.getElementById("danger").hidden = !!found;
    if (found) {
      const call = document.getElementById("alarm-call");
      call.href = "tel:" + found.call;
      call.querySelector("b").textContent = found.call;
      document.getElementById("alarm-advice").textContent = found.advice;
    }
  }

  // A photo of today's phones has more pixels than anybody needs: send a smaller one, also where the network is weak.
  async function smaller(file) {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, 1600 / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((done) => canvas.toBlob((blob) => done(blob || file), "image/jpeg", 0.85));
    } catch (error) { return file; }
  }

  async function post() {
    clearTimeout(waiting);
    send.disabled = true;
    send.textContent = "正在提交…";
    keep(true);
    const data = new FormData(form), chosen = form.elements.photo.files[0];
    if (chosen) { photo = photo || await smaller(chosen); data.set("photo", photo, "photo.jpg"); }
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (answer.ok) {
        const stored = await answer.json();
        forget();
        location.assign(stored.status_url);
        return;
      }
      if (answer.status === 429 || answer.status >= 500) {
        later("现在还发不出去，内容已存在手机里，会自动再发。请不要关闭这个页面。", Number(answer.headers.get("Retry-After")));
      } else {
        const refused = await answer.json();
        keep(false);
        ready();
        say(refused.error + refused.remedy);
      }
    } catch (error) {
      later("没有网络。内容已存在手机里，有网络时会自动发出。", 0);
    }
  }
  function later(text, seconds) {
    send.textContent = "现在再试一次";
    send.disabled = false;
    say(text);
    waiting = setTimeout(post, 1000 * (seconds || AGAIN_SECONDS));
  }
  function ready() { send.disabled = false; send.textContent = "提交"; }

  form.addEventListener("input", function () { keep(false); alarm(); });
  form.elements.photo.addEventListener("change", function () { photo = null; });
  form.addEventListener("submit", function (event) { event.preventDefault(); post(); });
  addEventListener("online", function () { const draft = kept(); if (draft && draft.pending) post(); });
  addEventListener("pageshow", function (event) { if (event.persisted && !kept()) location.reload(); });
  document.getElementById("clear").addEventListener("click", function () { forget(); location.reload(); });

  const draft = kept();
  if (draft) {
    KEPT.forEach(function (name) { if (form.elements[name] && draft.fields[name]) form.elements[name].value = draft.fields[name]; });
    alarm();
    if (draft.pending && form.checkValidity()) post(); else restored.hidden = false;
  }
  if (navigator.geolocation && isSecureContext) {
    const located = document.getElementById("located");
    document.getElementById("locating").hidden = false;
    document.getElementById("locate").addEventListener("click", function () {
      located.textContent = "正在定位…";
      navigator.geolocation.getCurrentPosition(function (here) {
        form.elements.lat.value = here.coords.latitude.toFixed(7);
        form.elements.lon.value = here.coords.longitude.toFixed(7);
        located.textContent = "已加上位置";
      }, function () { located.textContent = "没有得到位置，不影响提交"; }, { enableHighAccuracy: true, timeout: 15000 });
    });
  }
}());
