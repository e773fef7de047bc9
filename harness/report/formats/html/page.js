"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const columns = ["outcome", "kernel", "target", "build", "bits", "suite", "case"];
  const filters = ["outcome", "kernel", "target", "bits", "suite"];
  const pageRows = 100;
  const element = (id) => document.getElementById(id);
  const text = (column, row) => String(data.names[column][data.rows[column][row]]);
  let matching = [], page = 0;

  for (const name of filters) {
    const select = element("f-" + name);
    select.add(new Option("all", ""));
    data.names[name].forEach((value, index) => select.add(new Option(String(value), String(index))));
  }

  function search() {
    const words = element("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = filters.map((name) => [data.rows[name], element("f-" + name).value])
      .filter(([, value]) => value !== "").map(([rows, value]) => [rows, Number(value)]);
    const lower = Object.fromEntries(columns.map((name) => [name, data.names[name].map((value) => String(value).toLowerCase())]));
    matching = [];
    for (let row = 0; row < data.count; row++) {
      if (!wanted.every(([rows, value]) => rows[row] === value)) continue;
      if (words.length && !words.every((word) => columns.some((name) => lower[name][data.rows[name][row]].includes(word)))) continue;
      matching.push(row);
    }
    page = 0;
    show();
  }

  function cell(label, value, href) {
    const td = document.createElement("td");
    td.dataset.label = label;
    if (href) {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = value;
      td.append(link);
    } else td.textContent = value;
    return td;
  }

  function show() {
    const first = page * pageRows;
    const body = document.createDocumentFragment();
    for (const row of matching.slice(first, first + pageRows)) {
      const tr = document.createElement("tr");
      const failure = data.failures[row];
      if (text("outcome", row) !== "PASS") tr.className = "failed";
      for (const name of columns) {
        tr.append(cell(name, text(name, row), name === "outcome" && failure !== undefined ? "#failure-" + failure : ""));
      }
      tr.append(cell("max ULP", data.rows.ulp[row]), cell("headroom", data.rows.headroom[row]));
      body.append(tr);
    }
    element("case-rows").replaceChildren(body);
    const last = Math.min(first + pageRows, matching.length);
    element("count").textContent = matching.length
      ? `${matching.length} of ${data.count} cases, ${first + 1} to ${last} shown` : `0 of ${data.count} cases`;
    element("previous").disabled = page === 0;
    element("next").disabled = last >= matching.length;
  }

  // What a link leads to may be folded away, or still be filtered out.
  function reveal(hash) {
    const target = hash && document.getElementById(hash.slice(1));
    for (let fold = target; fold; fold = fold.parentElement) if (fold.localName === "details") fold.open = true;
  }

  function only(values) {
    element("filters").reset();
    for (const name of filters) {
      if (name in values) element("f-" + name).value = String(data.names[name].findIndex((value) => String(value) === values[name]));
    }
    search();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    if (link.className === "only") only({ ...link.closest("table").dataset, ...link.closest("tr").dataset });
    reveal(link.hash);
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details.more").forEach((fold) => { fold.open = true; }));
  reveal(location.hash);

  let waiting = 0;
  element("filters").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
  element("filters").addEventListener("reset", () => setTimeout(search));
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  element("previous").addEventListener("click", () => { page--; show(); });
  element("next").addEventListener("click", () => { page++; show(); });
  search();
})();
