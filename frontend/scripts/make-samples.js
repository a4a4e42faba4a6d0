// Writes the sample documents of public/samples. They are committed; run it after changing their words:
//   node scripts/make-samples.js
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { chromium } from "@playwright/test";

const texts = new URL("samples/", import.meta.url);
const target = new URL("../public/samples/", import.meta.url);
const read = (name) => readFile(new URL(name, texts), "utf8");
const write = (name, bytes) => writeFile(new URL(name, target), bytes);

await mkdir(target, { recursive: true });
await write("inspection.md", await read("inspection.md"));
await write("expenses.csv", await read("expenses.csv"));
await write("letter.pdf", await printed(await read("letter.html")));
await write("agreement.docx", wordDocument(await read("agreement.txt")));

async function printed(html) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  const page = await browser.newPage();
  await page.setContent(html);
  const bytes = await page.pdf({ format: "A4", printBackground: true });
  await browser.close();
  return bytes;
}

/** The smallest DOCX: lines that begin with `# ` are headings, all others paragraphs. */
function wordDocument(text) {
  const escape = (line) => line.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const paragraphs = text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) =>
      line.startsWith("# ")
        ? `<w:p><w:r><w:rPr><w:b/><w:sz w:val="28"/></w:rPr><w:t xml:space="preserve">${escape(line.slice(2))}</w:t></w:r></w:p>`
        : `<w:p><w:r><w:t xml:space="preserve">${escape(line)}</w:t></w:r></w:p>`,
    );
  const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
  const office = "http://schemas.openxmlformats.org";
  return zip({
    "[Content_Types].xml": `${head}<Types xmlns="${office}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    "_rels/.rels": `${head}<Relationships xmlns="${office}/package/2006/relationships"><Relationship Id="r1" Type="${office}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    "word/document.xml": `${head}<w:document xmlns:w="${office}/wordprocessingml/2006/main"><w:body>${paragraphs.join("")}</w:body></w:document>`,
  });
}

/** A ZIP archive whose members are stored as they are (APPNOTE.TXT 4.3). */
function zip(members) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(members)) {
    const bytes = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(0x21, 8); // 1 January 1980: the same bytes each time
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), bytes]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(
      Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, rest, Buffer.from(name)]),
    );
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, Buffer.from("PK\x05\x06"), end]);
}
