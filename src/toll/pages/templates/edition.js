"use strict";
const status = document.getElementById("status");
const bases = document.querySelectorAll(".base input");
const find = id => document.getElementById(id);

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
if (matchMedia("(max-width: 640px)").matches)
  for (const input of document.querySelectorAll("[data-size=mobile]")) input.checked = true;

function reveal() {
  const target = find(decodeURIComponent(location.hash.slice(1)));
  for (let around = target?.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
  target?.scrollIntoView({block: target.matches("tr") ? "center" : "start"});
}
addEventListener("hashchange", reveal);
reveal();

const textOf = element => element.rows
  ? [...element.rows].map(row => [...row.cells].map(cell => cell.textContent).join("\t")).join("\n")
  : element.textContent;

async function copyText(element) {
  try {
    await navigator.clipboard.writeText(textOf(element));
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

async function png(name) {
  const image = new Image(), canvas = document.createElement("canvas");
  image.src = name;
  await image.decode();
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return new Promise((done, fail) => canvas.toBlob(blob => blob ? done(blob) : fail(), "image/png"));
}

async function copyPicture(preview) {  // a page opened from a file may not read its pictures
  const shown = [...preview.querySelectorAll("img")].find(image => image.checkVisibility());
  try {
    await navigator.clipboard.write([new ClipboardItem({"image/png": png(shown.dataset.png)})]);
    return true;
  } catch {
    return false;
  }
}

document.addEventListener("click", async ({target}) => {
  const button = target.closest("[data-copy], [data-picture]");
  if (!button) return;
  const picture = "picture" in button.dataset;
  const done = await (picture ? copyPicture(button.closest(".preview")) : copyText(find(button.dataset.copy)));
  const label = button.firstElementChild, words = label.dataset.words ??= label.textContent;
  label.textContent = status.textContent = done ? "Copied" : picture ? "Right-click the picture to copy it" : "Press Ctrl+C";
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
