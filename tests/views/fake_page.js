"use strict";
// Just enough of a browser's document to run the page of a graph: elements with attributes, children and classes.
const fs = require("fs"), vm = require("vm");

class Element {
  constructor(tag) {
    Object.assign(this, { tagName: tag.toUpperCase(), children: [], attributes: {}, style: {}, dataset: {}, textContent: "", listeners: {} });
    this.classes = new Set();
    this.classList = {
      add: (name) => this.classes.add(name),
      remove: (name) => this.classes.delete(name),
      contains: (name) => this.classes.has(name),
      toggle: (name, on) => (on ? this.classes.add(name) : this.classes.delete(name)),
    };
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
    if (name === "class") String(value).split(" ").forEach((one) => this.classes.add(one));
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = String(value);
  }
  append(...more) { this.children.push(...more); }
  replaceChildren(...more) { this.children = more; }
  querySelectorAll(selector) { return this.children.filter((child) => child.classes.has(selector.slice(1))); }
  getBoundingClientRect() { return { left: 0, top: 0, width: 1000, height: 700 }; }
  get clientWidth() { return 1000; }
  get clientHeight() { return 700; }
  addEventListener(name, act) { this.listeners[name] = act; }
  setPointerCapture() {}
}

const [, , script, dataFile] = process.argv;
const ids = {};
for (const id of ["graph", "find", "language", "unfold", "foldall", "fit", "data"]) ids[id] = new Element(id);
ids.data.textContent = fs.readFileSync(dataFile, "utf-8");
const aside = new Element("aside");
const document = {
  getElementById: (id) => ids[id],
  querySelector: () => aside,
  querySelectorAll: () => [],
  createElement: (tag) => new Element(tag),
  createElementNS: (_space, tag) => new Element(tag),
  addEventListener: (name, act) => (document[name] = act),
  documentElement: {},
};
const context = { document, navigator: { language: "en-GB" }, window: { addEventListener() {} }, console, Math, Infinity };
vm.runInNewContext(fs.readFileSync(script, "utf-8"), context);

const text = (element) => element.textContent + element.children.map(text).join(" ");
const titles = () => ids.graph.querySelectorAll(".box").map((box) => box.children[1].textContent);
const seen = { first: titles(), box: ids.graph.attributes.viewBox };
ids.unfold.onclick();
seen.unfolded = titles();
seen.factors = ids.graph.querySelectorAll(".factor").map((one) => one.textContent);
ids.graph.querySelectorAll(".box").find((box) => box.children[1].textContent === "x").onclick();
seen.card = text(aside);
const all = (element) => [element, ...element.children.flatMap(all)];
seen.cells = all(aside).filter((one) => one.tagName === "TD").map((one) => one.textContent);
seen.bars = all(aside).filter((one) => one.tagName === "I").length;
seen.chosen = ids.graph.querySelectorAll(".box").filter((box) => box.classes.has("chosen")).length;
ids.language.onclick();
seen.chinese = text(aside);
ids.foldall.onclick();
seen.folded = titles();
ids.graph.querySelectorAll(".box").find((box) => box.classes.has("group")).onclick();
seen.opened = titles();
ids.graph.listeners.wheel({ preventDefault() {}, deltaY: -100, clientX: 500, clientY: 350 });
seen.zoomed = ids.graph.attributes.viewBox;
document.keydown({ key: "f", target: {} });
ids.find.onchange({ target: { value: "sin" } });
seen.found = text(aside);
console.log(JSON.stringify(seen));
