"use strict";
// The page of a graph: fold, lay out, draw. The first part is pure.

const BOX = { width: 196, height: 80, across: 26, down: 46, routeWidth: 16, port: 24 };
const MOST_WAYPOINTS = 20000;

/** What the page was given, each edge as an object again. */
function unpacked(data) {
  const { from, to, factor } = data.edges;
  return { ...data, edges: from.map((one, edge) => ({ from: one, to: to[edge], factor: factor[edge] })) };
}

/** For each group the outermost closed one that it is or lies in, -1 where all are open. */
function closedAround(groups, opened) {
  const seenAs = [];
  groups.forEach((group, index) => {
    const around = group.parent >= 0 ? seenAs[group.parent] : -1;
    seenAs.push(around >= 0 ? around : opened.has(group.key) ? -1 : index);
  });
  return seenAs;
}

/** What is to be seen: {boxes: [{node} or {group}], edges: [{from, to, parts}], flows: [{from, to}]}. */
function fold(data, opened, once) {
  const seenAs = closedAround(data.groups, opened);
  const boxes = [], boxOfGroup = new Map(), boxOf = [], boxOfLeaf = new Map();
  data.nodes.forEach((node, index) => {
    const group = node.group >= 0 ? seenAs[node.group] : -1;
    if (group < 0) {
      const known = once && node.leaf >= 0 ? boxOfLeaf.get(node.leaf) : undefined;
      boxOf.push(known === undefined ? boxes.push({ node: index, uses: 0 }) - 1 : known);
      boxes[boxOf[index]].uses += 1;
      if (node.leaf >= 0 && known === undefined) boxOfLeaf.set(node.leaf, boxOf[index]);
      return;
    }
    if (!boxOfGroup.has(group)) boxOfGroup.set(group, boxes.push({ group }) - 1);
    boxOf.push(boxOfGroup.get(group));
  });
  const edges = [], known = new Map();
  data.edges.forEach((edge, index) => {
    const from = boxOf[edge.from], to = boxOf[edge.to];
    if (from === to) return;
    const isPlain = boxes[from].group === undefined && boxes[to].group === undefined;
    const key = isPlain ? `=${index}` : `${from}>${to}`;
    if (known.has(key)) {
      edges[known.get(key)].parts.push(index);
      return;
    }
    known.set(key, edges.push({ from, to, parts: [index] }) - 1);
  });
  return { boxes, edges, flows: flowsBetween(data.flows, boxOf) };
}

/** The ways of numbers between boxes that no gradient goes along, each once. */
function flowsBetween(pairs, boxOf) {
  const known = new Map();
  for (const [part, whole] of pairs) {
    const from = boxOf[part], to = boxOf[whole];
    if (from !== to) known.set(`${from}>${to}`, { from, to });
  }
  return [...known.values()];
}

/** Layers, the loss at the bottom and everything just above its first use. */
function layersOf(count, edges) {
  const consumers = Array.from({ length: count }, () => []), waiting = new Int32Array(count);
  for (const { from, to } of edges) {
    consumers[from].push(to);
    waiting[to] += 1;
  }
  const order = [], depth = new Int32Array(count);
  for (let box = 0; box < count; box++) if (!waiting[box]) order.push(box);
  for (let place = 0; place < order.length; place++) {
    for (const to of consumers[order[place]]) {
      depth[to] = Math.max(depth[to], depth[order[place]] + 1);
      if (--waiting[to] === 0) order.push(to);
    }
  }
  const layer = Int32Array.from(depth);
  for (let place = order.length - 1; place >= 0; place--) {
    const box = order[place];
    if (consumers[box].length) layer[box] = consumers[box].reduce((low, to) => Math.min(low, layer[to]), Infinity) - 1;
  }
  const least = layer.reduce((low, one) => Math.min(low, one), 0);
  return Array.from(layer, (one) => one - least);
}

/** Waypoints where an edge passes layers by; the longest go straight once there would be too many. */
function withWaypoints(count, edges, layer) {
  const all = layer.slice(), pieces = [];
  const spans = edges.map((edge, index) => [layer[edge.to] - layer[edge.from] - 1, index]).sort((a, b) => a[0] - b[0]);
  const chains = edges.map(() => []);
  for (const [span, index] of spans) {
    const { from, to } = edges[index];
    if (all.length - count + span > MOST_WAYPOINTS) continue;
    let last = from;
    for (let step = 1; step <= span; step++) {
      const waypoint = all.push(layer[from] + step) - 1;
      chains[index].push(waypoint);
      pieces.push([last, waypoint]);
      last = waypoint;
    }
    pieces.push([last, to]);
  }
  return { all, pieces, chains };
}

/** The order in each layer by the mean place of neighbours, swept down and up. */
function ordered(all, above, below) {
  const rows = [];
  all.forEach((layer, vertex) => (rows[layer] = rows[layer] || []).push(vertex));
  const place = new Float64Array(all.length);
  const number = (row) => row.forEach((vertex, index) => (place[vertex] = index));
  rows.forEach(number);
  const sweep = (row, neighbours) => {
    const wish = new Map(row.map((vertex) => {
      const near = neighbours[vertex];
      return [vertex, near.length ? near.reduce((sum, other) => sum + place[other], 0) / near.length : place[vertex]];
    }));
    row.sort((a, b) => wish.get(a) - wish.get(b));
    number(row);
  };
  for (let round = 0; round < 4; round++) {
    for (let row = rows.length - 2; row >= 0; row--) sweep(rows[row], below);
    for (let row = 1; row < rows.length; row++) sweep(rows[row], above);
  }
  return rows;
}

/** x of every vertex: neighbours pull, the order and the gaps hold. */
function columns(rows, count, above, below, total) {
  const x = new Float64Array(total);
  const wide = (vertex) => (vertex < count ? BOX.width + BOX.across : BOX.routeWidth + BOX.across);
  const pack = (row, wish) => {
    const left = [], right = [];
    row.forEach((vertex, index) => {
      const gap = index ? (wide(vertex) + wide(row[index - 1])) / 2 : 0;
      left.push(index ? Math.max(wish[index], left[index - 1] + gap) : wish[index]);
    });
    for (let index = row.length - 1; index >= 0; index--) {
      const gap = index < row.length - 1 ? (wide(row[index]) + wide(row[index + 1])) / 2 : 0;
      right[index] = index < row.length - 1 ? Math.min(wish[index], right[index + 1] - gap) : wish[index];
    }
    row.forEach((vertex, index) => (x[vertex] = (left[index] + right[index]) / 2));
  };
  rows.forEach((row) => pack(row, row.map((_, index) => (index - (row.length - 1) / 2) * (BOX.width + BOX.across))));
  const weight = (vertex) => (vertex < count && !above[vertex].length ? 0.02 : 1);  // leaves do not pull what uses them
  const pulled = (row, neighbours) => pack(row, row.map((vertex) => {
    const near = neighbours[vertex];
    if (!near.length) return x[vertex];
    return near.reduce((sum, other) => sum + weight(other) * x[other], 0) / near.reduce((sum, other) => sum + weight(other), 0);
  }));
  const both = above.map((near, vertex) => near.concat(below[vertex]));
  for (let round = 0; round < 6; round++) {
    for (let row = rows.length - 2; row >= 0; row--) pulled(rows[row], below);
    for (let row = 1; row < rows.length; row++) pulled(rows[row], above);
  }
  rows.forEach((row) => pulled(row, both));
  return x;
}

/** Centres of the boxes and points of the routes. */
function layout(boxes, edges) {
  const layer = layersOf(boxes.length, edges);
  const { all, pieces, chains } = withWaypoints(boxes.length, edges, layer);
  const above = all.map(() => []), below = all.map(() => []);
  for (const [from, to] of pieces) {
    below[from].push(to);
    above[to].push(from);
  }
  const x = columns(ordered(all, above, below), boxes.length, above, below, all.length);
  const y = all.map((one) => one * (BOX.height + BOX.down));
  const { arrives, leaves } = ports(edges, chains, x);
  const routes = edges.map(({ from, to }, index) => {
    const aside = Math.max(-BOX.across, Math.min(BOX.across, leaves[index]));  // between two boxes there is room for it
    const middle = chains[index].flatMap((vertex) => [
      [x[vertex] + aside, y[vertex] - BOX.height / 2],
      [x[vertex] + aside, y[vertex] + BOX.height / 2],
    ]);
    return [[x[from] + leaves[index], y[from] + BOX.height / 2], ...middle, [x[to] + arrives[index], y[to] - BOX.height / 2]];
  });
  return { places: boxes.map((_, box) => [x[box], y[box]]), routes };
}

/** How far from the middle of its target each edge arrives, in the order in which edges come; parallel ones leave apart. */
function ports(edges, chains, x) {
  const into = new Map(), out = new Map(), arrives = [], leaves = [];
  const put = (map, key, index) => (map.get(key) || map.set(key, []).get(key)).push(index);
  edges.forEach(({ from, to }, index) => {
    put(into, to, index);
    put(out, from, index);
  });
  const step = (count) => (count > 1 ? Math.min(BOX.port, (BOX.width - 28) / (count - 1)) : 0);
  const comes = (index) => x[chains[index].length ? chains[index][chains[index].length - 1] : edges[index].from];
  for (const all of into.values()) {
    const order = all.slice().sort((a, b) => comes(a) - comes(b) || a - b);
    order.forEach((index, rank) => (arrives[index] = (rank - (order.length - 1) / 2) * step(order.length)));
  }
  const goes = (index) => x[chains[index].length ? chains[index][0] : edges[index].to];
  for (const all of out.values()) {  // where some are parallel all leave apart, in the order in which they go
    const isApart = new Set(all.map((index) => edges[index].to)).size < all.length;
    const order = all.slice().sort((a, b) => goes(a) - goes(b) || arrives[a] - arrives[b] || a - b);
    order.forEach((index, rank) => (leaves[index] = isApart ? (rank - (order.length - 1) / 2) * step(order.length) : 0));
  }
  return { arrives, leaves };
}

function pathOf(points) {
  let path = `M${points[0][0]} ${points[0][1]}`;
  for (let k = 1; k < points.length; k++) {
    const [before, after] = [points[k - 1], points[k]], middle = (before[1] + after[1]) / 2;
    path += `C${before[0]} ${middle} ${after[0]} ${middle} ${after[0]} ${after[1]}`;
  }
  return path;
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Pixels of a cell: square where that leaves none too thin; the strip of a vector is as high as one can see. */
function cellSize([rows, columns], width, height) {
  const across = Math.min(width / columns, 22), down = Math.min(height / rows, 22), side = Math.min(across, down);
  if (rows * side < 14) return [across, 14 / rows];
  return columns * side < 14 ? [14 / columns, down] : [side, side];
}

/** The index in the tensor of an entry by its row and column in the map. */
function indexOf(map, row, column) {
  const index = map.shape.map(() => 0);
  for (const [axes, at] of [[map.down, row], [map.across, column]]) {
    let rest = at;
    for (const axis of axes.slice().reverse()) {
      index[axis] = rest % map.shape[axis];
      rest = Math.floor(rest / map.shape[axis]);
    }
  }
  return `[${index.join(", ")}]`;
}

/** Index and value of a cell; of a block its first and last index, and the mean. */
function cellText(map, row, column, value, say) {
  const [down, across] = map.block, [rows, columns] = map.size;
  const number = Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value).replace("Infinity", "inf").replace("NaN", "nan");
  const first = indexOf(map, row * down, column * across);
  if (down * across === 1) return `${first}  ${number}`;
  const last = indexOf(map, Math.min((row + 1) * down, rows) - 1, Math.min((column + 1) * across, columns) - 1);
  return `${first} … ${last}  ${say("mean")} ${number}`;
}

// From here on there is a page.

const CHINESE = {
  "Unfold all": "全部展开", "Fold all": "全部折叠", Fit: "适合窗口", Find: "查找", fold: "折叠", nodes: "个节点",
  operation: "运算", name: "名称", module: "模块", line: "源代码行", attributes: "属性", shape: "形状", formula: "公式",
  derivative: "导数", backwards: "反向传播", value: "值", gradient: "梯度", sum: "求和", "part of this use": "此次使用的部分",
  mean: "平均值", "each cell is the mean of": "每格为平均值，取自", entries: "个元素", Close: "关闭", of: "/", "nothing found": "未找到", "Leaves once": "叶子合并", "no gradient follows": "无梯度经过",
};
const READABLE = 1.25;  // units of the drawing a pixel, up to which numbers can be read

function show(data) {
  const svg = document.getElementById("graph"), card = document.querySelector("aside");
  const opened = new Set(data.opened), colours = bytes(data.colours);
  let isChinese = (navigator.language || "").startsWith("zh"), view = null, chosen = -1, drawn = null, found = { text: "", place: 0 }, once = data.once;
  const say = (text) => (isChinese && CHINESE[text]) || text;
  const make = (tag, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const cut = (text, most) => {  // of a range the mean goes first
    const shown = text.length > most ? text.split(", mean")[0] : text;
    return shown.length > most ? shown.slice(0, most - 1) + "…" : shown;
  };

  function box(one, index, place) {
    const group = one.group === undefined ? null : data.groups[one.group], node = group ? null : data.nodes[one.node];
    const kind = group ? "group" : node.root ? "result" : node.kind;
    const made = make("g", { class: `box ${kind}`, transform: `translate(${place[0]} ${place[1]})`, tabindex: 0, role: "button" });
    made.append(make("rect", { x: -BOX.width / 2, y: -BOX.height / 2, width: BOX.width, height: BOX.height, rx: kind === "leaf" ? 22 : 7 }));
    const write = (y, style, text, most) =>
      made.append(make("text", { x: -BOX.width / 2 + 10, y: y - BOX.height / 2, class: style }, cut(text, most)));
    const [name, kindOfModule] = group ? group.label.split("  ") : [node.title];
    const tag = node ? node.tag : "";
    write(21, "", name, 19 - Math.round(0.6 * tag.length));
    if (tag) made.append(make("text", { x: BOX.width / 2 - 10, y: 21 - BOX.height / 2, class: "what", "text-anchor": "end" }, tag));
    write(38, "what", group ? kindOfModule || "" : node.what, 28);
    if (group) write(56, "what", `${group.size.toLocaleString()} ${say("nodes")}`, 28);
    if (node) write(56, "value", `value ${node.value}`, 25);
    if (node && node.kind !== "constant") write(73, "gradient", `grad  ${one.uses > 1 ? node.whole : node.gradient}`, 27);
    made.setAttribute("aria-label", group ? `${group.label}, ${group.size} ${say("nodes")}` : `${node.title}, ${node.what}`);
    const around = group ? group.parent : node.group;
    const outwards = () => around >= 0 && close(data.groups[around].key);
    made.onclick = () => (group ? unfold(group.key) : choose(one.node));
    made.ondblclick = outwards;
    made.onkeydown = (event) => {
      if (event.key === "Backspace") outwards();
      else if (event.key !== "Enter" && event.key !== " ") return;
      else made.onclick();
      event.preventDefault();
    };
    return made;
  }

  /** The local derivative beside its edge's end, on a ground of its own. */
  function factorOf(text, [x, y]) {
    const half = 3.4 * text.length + 4, made = make("g", { class: "factor", transform: `translate(${x} ${y})` });
    made.append(make("rect", { x: -half, y: -9, width: 2 * half, height: 17 }), make("text", { y: 4 }, text));
    return made;
  }

  function draw() {
    drawn = fold(data, opened, once);
    svg.replaceChildren();
    const { places, routes } = layout(drawn.boxes, [...drawn.edges, ...drawn.flows]);
    for (const route of routes.splice(drawn.edges.length)) svg.append(make("path", { class: "flow", d: pathOf(route) }));
    drawn.places = places;
    routes.forEach((route, index) => {
      const { parts } = drawn.edges[index], [x, y] = route[route.length - 1];
      const ends = parts.flatMap((part) => [data.edges[part].from, data.edges[part].to]);
      svg.append(make("path", { class: "edge", d: pathOf(route), "data-ends": ` ${ends.join(" ")} ` }));
      svg.append(make("path", { class: "tip", d: `M${x} ${y}l-3.5 -7h7z` }));
      const factor = parts.length === 1 ? data.edges[parts[0]].factor : "";
      if (factor) {
        const [x0, y0] = route[route.length - 2];
        svg.append(factorOf(factor, [(x + x0) / 2, (y + y0) / 2]));
      }
    });
    drawn.shown = drawn.boxes.map((one, index) => box(one, index, places[index]));
    svg.append(...drawn.shown);
    if (chosen >= 0) light();
  }

  /** In the room that there is now: the whole again, or as large as it was and about the same middle. */
  function refit() {
    if (!view) return;
    if (view.isWhole) fit();
    else look(view.x + view.width / 2, view.y + view.height / 2, view.scale);
  }

  /** A point of the drawing in the middle, at so many units a pixel. */
  function look(x, y, scale) {
    view = { width: svg.clientWidth * scale, height: svg.clientHeight * scale, scale };
    [view.x, view.y] = [x - view.width / 2, y - view.height / 2];
    frame();
  }

  function frame() {
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  function fit() {
    const xs = drawn.places.map((place) => place[0]), ys = drawn.places.map((place) => place[1]);
    const ends = (all) => all.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
    const [left, right] = ends(xs), [top, bottom] = ends(ys);
    const width = right - left + BOX.width + 40, height = bottom - top + BOX.height + 40;
    look((left + right) / 2, (top + bottom) / 2, Math.max(width / svg.clientWidth, height / svg.clientHeight, 0.8));
    view.isWhole = true;
  }

  /** All of it where it can be read so, else the losses. */
  function begin() {
    fit();
    if (view.scale < 2.2) return;
    const at = drawn.boxes.findIndex((one) => one.node !== undefined && data.nodes[one.node].root);
    const [x, y] = drawn.places[Math.max(at, 0)];
    look(x, y + BOX.height - (svg.clientHeight * 1.2) / 2, 1.2);
  }

  const insideOf = (group, key) => group >= 0 && (data.groups[group].key === key || insideOf(data.groups[group].parent, key));

  /** Draw anew and keep the eye, and the keyboard, on a group: its box, or the last of what is now seen of it. */
  function drawAbout(key) {
    const hadKeyboard = svg.contains(document.activeElement);
    draw();
    let at = -1;
    drawn.boxes.forEach((one, index) => {
      if (insideOf(one.group === undefined ? data.nodes[one.node].group : one.group, key) &&
          (at < 0 || drawn.places[index][1] >= drawn.places[at][1])) at = index;
    });
    const scale = Math.min(view.scale, READABLE);
    fit();
    if (at < 0) return;
    if (view.scale > READABLE) look(...drawn.places[at], scale);
    if (hadKeyboard) drawn.shown[at].focus();
  }

  function unfold(key) {
    opened.add(key);
    drawAbout(key);
  }

  function close(key) {
    opened.delete(key);
    drawAbout(key);
  }

  function zoom(factor, x, y) {
    const shape = svg.getBoundingClientRect();
    const [across, down] = [(x - shape.left) / shape.width, (y - shape.top) / shape.height];
    view.x += view.width * across * (1 - factor);
    view.y += view.height * down * (1 - factor);
    view.width *= factor;
    view.height *= factor;
    view.scale *= factor;
    view.isWhole = false;
    frame();
  }

  /** A tensor as a heat map, with index and value of the cell under the pointer, or where the arrow keys went. */
  function heatMap(label, map) {
    const [rows, columns] = map.cells, whole = document.createElement("div"), canvas = document.createElement("canvas");
    const cursor = document.createElement("i"), told = document.createElement("p"), size = cellSize(map.cells, 314, 200);
    const places = bytes(map.places), values = new Float32Array(bytes(map.values).buffer);
    whole.className = "map";
    Object.assign(canvas, { width: columns, height: rows, tabIndex: 0 });
    canvas.style.width = `${columns * size[0]}px`;
    canvas.style.height = `${rows * size[1]}px`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", say(label));
    told.className = "readout";
    told.setAttribute("aria-live", "polite");
    const picture = new ImageData(columns, rows);
    places.forEach((place, k) => picture.data.set(colours.subarray(4 * place, 4 * place + 4), 4 * k));
    canvas.getContext("2d").putImageData(picture, 0, 0);
    let row = -1, column = -1;
    const read = (atRow, atColumn) => {
      [row, column] = [atRow, atColumn];
      const isIn = row >= 0 && row < rows && column >= 0 && column < columns;
      cursor.hidden = !isIn;
      told.textContent = isIn ? cellText(map, row, column, values[row * columns + column], say) : "";
      Object.assign(cursor.style, { left: `${column * size[0]}px`, top: `${row * size[1]}px`, width: `${size[0]}px`, height: `${size[1]}px` });
    };
    canvas.onpointermove = (event) => read(Math.floor(event.offsetY / size[1]), Math.floor(event.offsetX / size[0]));
    canvas.onpointerleave = () => document.activeElement !== canvas && read(-1, -1);
    canvas.onkeydown = (event) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const within = (one, count) => Math.min(Math.max(one, 0), count - 1);
      if (row < 0 || column < 0) read(0, 0);
      else read(within(row + step[0], rows), within(column + step[1], columns));
    };
    read(-1, -1);
    whole.append(canvas, cursor);
    return [whole, legend(map), ...notes(map), told];
  }

  function legend(map) {
    const line = document.createElement("p"), bar = document.createElement("span");
    const [low, zero, high] = [0, 120, 240].map(colourOf);
    line.className = "legend";
    bar.style.background = map.ends[0] === "0" ? `linear-gradient(90deg,${zero},${high})`
      : `linear-gradient(90deg,${low},${colourOf(119)} 50%,${zero} 50%,${high})`;
    line.append(map.ends[0], bar, map.ends[1]);
    for (const [place, text, count] of map.marks) {
      const mark = document.createElement("b");
      mark.style.background = colourOf(place);
      line.append(mark, `${text} ${count.toLocaleString()}`);
    }
    return line;
  }

  const colourOf = (place) => `rgba(${[...colours.subarray(4 * place, 4 * place + 3)]},${colours[4 * place + 3] / 255})`;

  function notes(map) {
    if (map.block[0] * map.block[1] === 1) return [];
    const line = document.createElement("p");
    line.textContent = `${say("each cell is the mean of")} ${map.block[0]} × ${map.block[1]} ${say("entries")}`;
    return [line];
  }

  /** The heat map of a tensor, its histogram, and a table of its entries: the last dimension across. */
  function numbers({ label, columns, entries, histogram, ends, map }) {
    const heading = document.createElement("h3"), bars = document.createElement("div"), table = document.createElement("table");
    heading.textContent = say(label);
    bars.className = `bars ${label}`;
    const most = Math.max(...histogram);
    for (const count of histogram) {
      const bar = document.createElement("i");
      bar.style.height = `${Math.max(most ? (100 * count) / most : 0, count ? 4 : 0)}%`;
      bar.title = String(count);
      bars.append(bar);
    }
    const range = document.createElement("p");
    range.textContent = `${ends[0]} … ${ends[1]}`;
    for (let begin = 0; begin < entries.length; begin += columns) {
      const row = document.createElement("tr");
      for (const entry of entries.slice(begin, begin + columns)) {
        const cell = document.createElement("td");
        cell.textContent = entry;
        row.append(cell);
      }
      table.append(row);
    }
    return [heading, ...(map ? heatMap(label, map) : []), bars, range, table];
  }

  const usesOf = (index) => {
    const leaf = data.nodes[index].leaf;
    return leaf < 0 ? [index] : data.nodes.flatMap((other, k) => (other.leaf === leaf ? [k] : []));
  };

  /** The chosen node, all uses of a leaf, and their edges. */
  function light() {
    const uses = chosen < 0 ? [] : usesOf(chosen);
    for (const edge of svg.querySelectorAll(".edge")) {
      edge.classList.toggle("lit", uses.some((k) => edge.dataset.ends.includes(` ${k} `)));
    }
    drawn.boxes.forEach((one, k) => drawn.shown[k].classList.toggle("chosen", uses.includes(one.node)));
  }

  function unchoose() {
    chosen = -1;
    card.replaceChildren();
    light();
  }

  function choose(index) {
    chosen = index;
    light();
    const node = data.nodes[index], leave = document.createElement("button");
    leave.className = "close";
    leave.textContent = "×";
    leave.title = say("Close");
    leave.setAttribute("aria-label", say("Close"));
    leave.onclick = unchoose;
    const title = document.createElement("h2"), list = document.createElement("dl"), groups = document.createElement("div");
    title.textContent = node.title;
    groups.className = "groups";
    for (let group = node.group; group >= 0; group = data.groups[group].parent) {
      const button = document.createElement("button");
      button.textContent = `${say("fold")} ${data.groups[group].label}`;
      button.onclick = () => close(data.groups[group].key);
      groups.append(button);
    }
    for (const [label, text, chinese] of node.card.map((line) => data.lines[line])) {
      const term = document.createElement("dt"), told = document.createElement("dd");
      term.textContent = say(label);
      told.textContent = (isChinese && chinese) || text;
      list.append(term, told);
    }
    card.replaceChildren(leave, title, groups, list, ...node.tensors.flatMap(numbers));
    card.scrollTop = 0;
  }

  /** Whatever is called so, one after the other. */
  function find(text) {
    const wanted = text.trim().toLowerCase(), told = document.getElementById("found");
    const all = wanted ? data.nodes.flatMap((node, k) => (`${node.title} ${node.what}`.toLowerCase().includes(wanted) ? [k] : [])) : [];
    found = { text, place: found.text === text && all.length ? (found.place + 1) % all.length : 0 };
    told.textContent = all.length ? `${found.place + 1} ${say("of")} ${all.length}` : wanted ? say("nothing found") : "";
    if (!all.length) return;
    const index = all[found.place];
    for (let group = data.nodes[index].group; group >= 0; group = data.groups[group].parent) opened.add(data.groups[group].key);
    draw();
    choose(index);
    const uses = usesOf(index), at = drawn.boxes.findIndex((one) => one.node === index);
    look(...drawn.places[at < 0 ? drawn.boxes.findIndex((one) => uses.includes(one.node)) : at], Math.min(view.scale, READABLE));
  }

  let from = null;
  svg.onpointerdown = (event) => (from = { x: event.clientX, y: event.clientY, left: view.x, top: view.y });
  svg.onpointermove = (event) => {
    if (!from) return;
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > 3 && !svg.classList.contains("dragged")) {
      svg.classList.add("dragged");
      svg.setPointerCapture(event.pointerId);
    }
    view.isWhole = false;
    view.x = from.left - ((event.clientX - from.x) * view.width) / svg.clientWidth;
    view.y = from.top - ((event.clientY - from.y) * view.height) / svg.clientHeight;
    frame();
  };
  svg.onpointerup = svg.onpointercancel = () => {
    from = null;
    svg.classList.remove("dragged");
  };
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(event.deltaY * 0.0015), event.clientX, event.clientY);
  }, { passive: false });
  document.addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
    const shape = svg.getBoundingClientRect(), middle = [shape.left + shape.width / 2, shape.top + shape.height / 2];
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "+" || event.key === "=") zoom(0.8, ...middle);
    else if (event.key === "-") zoom(1.25, ...middle);
    else if (event.key === "f" || event.key === "0") fit();
    else if (event.key === "Escape") unchoose();
    else if (moves[event.key]) {
      view.isWhole = false;
      view.x += moves[event.key][0] * view.width * 0.1;
      view.y += moves[event.key][1] * view.height * 0.1;
      frame();
    }
  });
  const on = (id, act) => (document.getElementById(id).onclick = act);
  const speak = () => {
    for (const one of document.querySelectorAll("header [data-word]")) one.textContent = say(one.dataset.word);
    document.getElementById("find").placeholder = say("Find");
    document.getElementById("find").setAttribute("aria-label", say("Find"));
    document.getElementById("language").textContent = isChinese ? "English" : "中文";
    document.getElementById("once").setAttribute("aria-pressed", String(once));
    document.documentElement.lang = isChinese ? "zh" : "en";
  };
  on("unfold", () => { data.groups.forEach((group) => opened.add(group.key)); draw(); fit(); });
  on("foldall", () => { opened.clear(); draw(); fit(); });
  on("fit", fit);
  on("once", () => { once = !once; speak(); draw(); fit(); });
  on("language", () => { isChinese = !isChinese; speak(); draw(); if (chosen >= 0) choose(chosen); });
  document.getElementById("find").onkeydown = (event) => event.key === "Enter" && find(event.target.value);
  speak();
  draw();
  begin();
  new ResizeObserver(refit).observe(svg);
}

show(unpacked(JSON.parse(document.getElementById("data").textContent)));
