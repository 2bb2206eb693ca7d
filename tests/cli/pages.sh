# Files of several pages: TIFF by --pages, PDF by poppler.
predict=(dbnet predict --model det.onnx)

expect 0 "${predict[@]}" kinds/pages.tif
is "$(wc -l < stdout)" 1
says "several pages: only the first is used; --pages all takes them all"
expect 0 "${predict[@]}" kinds/pages.tif --pages all --out pages
exists pages/json/pages-p1.json pages/json/pages-p3.json
says_not "several pages"
grep -q '"kinds/pages.tif#page=2"' pages/json/pages-p2.json || fail "the page is not in the record"
expect 4 "${predict[@]}" photo.jpg kinds/pages.tif --pages 7
says "kinds/pages.tif: has none of these pages, only 3"
expect 2 "${predict[@]}" kinds/pages.tif --pages 3-1
says "'3-1' are no pages"
direct() { "${predict[@]}" - --pages 2,3 < kinds/pages.tif; }
expect 0 direct
is "$(wc -l < stdout)" 2

# A PDF with two pages, each with a white bar on black. Its table of places is missing, which poppler gets over.
pdf_page() { printf '%s 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 144 72] /Contents 5 0 R >>\nendobj\n' "$1"; }
drawing='0 g 0 0 144 72 re f 1 g 40 30 60 14 re f'
{
  printf '%%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n'
  printf '2 0 obj\n<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] >>\nendobj\n'
  pdf_page 3; pdf_page 4
  printf '5 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n' ${#drawing} "$drawing"
  printf 'trailer\n<< /Size 6 /Root 1 0 R >>\n%%%%EOF\n'
} > two.pdf
expect 0 "${predict[@]}" two.pdf --out pdf --save-image
says "2 images, 2 regions"
exists pdf/json/two-p1.json pdf/image/two-p2.jpg
grep -q '"width": 400' pdf/json/two-p1.json || fail "not 144 points at 200 dpi"
expect 0 "${predict[@]}" two.pdf --dpi 72 --pages 2
prints '"width":144'
prints '"two.pdf#page=2"'
mkdir documents && cp two.pdf documents/
expect 0 "${predict[@]}" documents
says "2 images"
expect 4 "${predict[@]}" two.pdf photo.jpg --max-pixels 70000
says "two.pdf: a page of 144 x 72 points at 200 dpi has more pixels than the limit of 70000"
printf '%%PDF-1.4 nothing' > broken.pdf
expect 3 "${predict[@]}" broken.pdf
says "broken.pdf: broken or encrypted PDF"
stdin_pdf() { "${predict[@]}" - < two.pdf; }
expect 3 stdin_pdf
says "standard input: a PDF, which needs to be a file"
