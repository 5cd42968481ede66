"use strict";
(async () => {
  const region = document.getElementById("entries");
  const table = region.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const width = rows[0].cells.length - 1;

  const packed = Uint8Array.from(atob(document.getElementById("choices").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const { forms, blocks, entries } = await new Response(stream).json();
  const block = (n) => {
    const [form, ...numbers] = blocks[n];
    return forms[form].map((text, at) => text + (numbers[at] ?? "")).join("");
  };

  const letKeysScroll = () => {
    for (const part of document.querySelectorAll(".scroll:not(#entries)")) {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", letKeysScroll);

  // what is scrolled to or focused comes out from under the names of rows and columns
  const corner = table.tHead.rows[0].cells[0];
  region.style.scrollPadding = `${corner.offsetHeight}px 0 0 ${corner.offsetWidth}px`;

  let cell = null;
  const choose = (row, column, focus) => {
    row = Math.min(Math.max(row, 0), rows.length - 1);
    column = Math.min(Math.max(column, 0), width - 1);
    if (cell) cell.removeAttribute("aria-selected");
    (cell ?? rows[0].cells[1]).tabIndex = -1;
    cell = rows[row].cells[column + 1];
    cell.setAttribute("aria-selected", "true");
    cell.tabIndex = 0;
    if (focus) {
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    const derivation = entries[`${row},${column}`].map(block).join("");
    document.getElementById("derivation").innerHTML = derivation;
    letKeysScroll();
    const [ofRow, ofColumn] = [rows[row].cells[0], table.tHead.rows[0].cells[column + 1]].map((h) => h.textContent);
    const parts = { row: ofRow, column: ofColumn, r: ofRow.slice(2, -1), c: ofColumn.slice(2, -1) };
    const name = table.dataset.name.replace(/\{(\w+)\}/g, (_, part) => parts[part]);
    document.getElementById("chosen").textContent = `${name} = ${cell.textContent}`;
  };

  const place = (target) => {
    const found = target.closest("td");
    return found && found.parentNode.parentNode === table.tBodies[0]
      ? [rows.indexOf(found.parentNode), found.cellIndex - 1]
      : null;
  };
  table.addEventListener("click", (event) => {
    const at = place(event.target);
    if (at) choose(...at, true);
  });
  table.addEventListener("keydown", (event) => {
    const at = place(event.target);
    if (!at || event.ctrlKey || event.metaKey || event.altKey) return;
    const [row, column] = at;
    const next = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, width - 1], PageUp: [0, column], PageDown: [rows.length - 1, column],
      Enter: at, " ": at,
    }[event.key];
    if (next) {
      event.preventDefault();
      choose(...next, true);
    }
  });
  const picture = document.querySelector("figure svg[data-entries]");
  if (picture) {
    picture.style.cursor = "pointer";
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const size = picture.viewBox.baseVal;
      const row = Math.floor(((event.clientY - box.top) / box.height) * size.height);
      const column = Math.floor(((event.clientX - box.left) / box.width) * size.width);
      if (row < rows.length && column < width) choose(row, column, true);
    });
  }

  table.setAttribute("role", "grid");
  table.classList.add("choosable");
  region.removeAttribute("tabindex");
  document.getElementById("hint").hidden = false;
  rows[0].cells[1].tabIndex = 0;
  const [row, column] = table.dataset.worked.split(",").map(Number);
  if (row < rows.length && column < width) {
    choose(row, column, false);
    region.scrollLeft = cell.offsetLeft - region.clientWidth / 2;
    region.scrollTop = cell.offsetTop - region.clientHeight / 2;
  } else {
    letKeysScroll();
  }
})();
