// Shows drafts in place of the pictures that they will replace, and reloads the page when they are published.
const note = document.createElement("p")
note.setAttribute("role", "status")
note.style.cssText = "position: fixed; bottom: 0; left: 0; right: 0; margin: 0; padding: .6em 1em; font: 15px sans-serif;"
  + " white-space: pre-wrap; max-height: 40vh; overflow: auto; background: #7a3b00; color: #fff"
let version
new EventSource("/.toll/events").onmessage = ({data}) => {
  const state = JSON.parse(data)
  if (version && version !== state.version) return location.reload()
  version = state.version
  let drafts = 0
  for (const image of document.images) {
    image.dataset.published ??= image.src
    const path = decodeURIComponent(new URL(image.dataset.published).pathname)
    const draft = state.drafts[path]
    const wanted = draft ? `${image.dataset.published}?${draft}` : image.dataset.published
    if (image.src !== wanted) image.src = wanted
    image.style.outline = draft ? "4px dashed #c25e00" : ""
    image.toggleAttribute("data-draft", Boolean(draft))
    drafts += Boolean(draft)
  }
  const told = [drafts && "Draft: the outlined pictures are not published yet.", state.message].filter(Boolean)
  note.textContent = told.join("\n")
  told.length ? document.body.append(note) : note.remove()
}
