"use strict";
const status = document.getElementById("status");
const bases = document.querySelectorAll(".base input");
const find = id => document.getElementById(id);

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
if (matchMedia("(max-width: 640px)").matches)
  for (const input of document.querySelectorAll("[data-size=mobile]")) input.checked = true;

function reveal() {
  const row = find(decodeURIComponent(location.hash.slice(1))), around = row?.closest("details");
  if (!around) return;
  around.open = true;
  row.scrollIntoView({block: "center"});
}
addEventListener("hashchange", reveal);
reveal();

async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

document.addEventListener("click", async ({target}) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const done = await copy(find(button.dataset.copy));
  const label = button.firstElementChild, words = label.dataset.words ??= label.textContent;
  label.textContent = status.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => { label.textContent = words; status.textContent = ""; }, 2000);
});

const rebase = (code, base) => code.dataset.code.replace(/( src(?:set)?=")([^"]*)/g,
  (_, before, url) => before + base + url.slice(code.dataset.base.length));
for (const code of document.querySelectorAll("[data-base]")) code.dataset.code = code.textContent;
document.addEventListener("input", ({target}) => {
  if (!target.matches(".base input")) return;
  const base = target.value.trim().replace(/([^/])$/, "$1/");
  const fits = new RegExp(`^(?:${target.dataset.address})$`).test(base);
  for (const input of bases) {
    if (input !== target) input.value = target.value;
    input.setAttribute("aria-invalid", !fits);
    find(input.getAttribute("aria-describedby")).hidden = fits;
  }
  if (fits) for (const code of document.querySelectorAll("[data-base]")) code.textContent = rebase(code, base);
});
