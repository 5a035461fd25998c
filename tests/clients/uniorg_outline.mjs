// Prints the outline of an org file (standard input) as uniorg-parse reads it, in the form of
// tests/org/org_probe.cc. Arguments: the TODO keywords.
import fs from 'node:fs';
import {parse} from 'uniorg-parse/lib/parser.js';

const text = fs.readFileSync(0, 'utf8');
const tree = parse(text, {trackPosition: true, todoKeywords: process.argv.slice(2)});
const out = {headings: [], items: [], tables: [], blocks: [], drawers: [], clocks: [], links: [],
             keywords: [], stamps: []};
const slice = node => text.slice(node.position.start.offset, node.position.end.offset);
const line = node => node.position.start.line - 1;
const boxes = {off: '[ ]', on: '[X]', trans: '[-]'};

function keyword(key, value) {
  out.keywords.push([key, value]);
}

const readers = {
  headline(node) {
    out.headings.push({level: node.level, keyword: node.todoKeyword ?? '',
                       priority: node.priority ? `[#${node.priority}]` : '',
                       title: node.rawValue.trim(), tags: node.tags, properties: []});
  },
  planning(node) {
    for (const kind of ['scheduled', 'deadline', 'closed']) {
      if (node[kind]) out.headings.at(-1)[kind] = [node[kind].rawValue];
    }
    return false;
  },
  'property-drawer'(node) {
    out.drawers.push(slice(node).trim().split(':')[1]);
    const properties = node.children.map(child => [child.key, child.value]);
    if (out.headings.length) out.headings.at(-1).properties = properties;
    return false;
  },
  drawer(node) { out.drawers.push(node.name); },
  'list-item'(node, parent) {
    const tag = node.children.find(child => child.type === 'list-item-tag');
    out.items.push({line: line(node), bullet: node.bullet.trim(),
                    checkbox: node.checkbox ? boxes[node.checkbox] : '',
                    term: tag ? tag.children.map(child => child.position ? slice(child) : '').join('') : '',
                    parent});
  },
  'table-row'(node) {
    if (node.rowType === 'rule') out.tables.at(-1).push(null);
    else out.tables.at(-1).push(node.children.map(cell =>
      text.slice(cell.contentsBegin, cell.contentsEnd)));
  },
  table(node) {
    if (node.tableType !== 'org') return false;
    out.tables.push([]);
  },
  clock(node) {
    out.clocks.push([node.value ? [node.value.rawValue] : [], node.duration ?? '']);
    return false;
  },
  link(node) { out.links.push(node.rawLink); },
  keyword(node) { keyword(node.key, node.value); },
  timestamp(node) { out.stamps.push(node.rawValue); },
};

function visit(node, item) {
  for (const [key, value] of Object.entries(node.affiliated ?? {})) keyword(key, value);
  if (node.type.endsWith('-block')) {
    out.blocks.push((node.blockType ?? node.type.replace('-block', '')).toLowerCase());
  }
  if (readers[node.type]?.(node, item) === false) return;
  const inside = node.type === 'list-item' ? line(node) : item;
  for (const child of node.children ?? []) visit(child, inside);
}

visit(tree, -1);
console.log(JSON.stringify(out));
