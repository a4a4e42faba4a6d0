"""Prints the words that a PDF's page has under boxes, by pdfium's own search in a rectangle.

Arguments: the file, the page's number, the boxes as JSON (x0, y0, x1, y1 from the top left, as
fractions of the page).
"""

import json
import sys

import pypdfium2 as pdfium

path, number, boxes = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
page = pdfium.PdfDocument(path)[number - 1]
width, height = page.get_size()
text = page.get_textpage()
lines = []
for x0, y0, x1, y1 in boxes:
    # Less than the whole height: lines are set so close that their boxes touch.
    top, bottom = y0 + (y1 - y0) * 0.25, y0 + (y1 - y0) * 0.85
    box = x0 * width, (1 - bottom) * height, x1 * width, (1 - top) * height
    lines.append(text.get_text_bounded(*box))
print(json.dumps(" ".join(" ".join(lines).split())))
