#include "support/label_examples.hpp"

#include <cmath>
#include <numbers>

#include "support/mat_file.hpp"

namespace dbnet::test {
namespace {

using formats::Record;
using formats::RecordRegion;

RecordRegion text(Polygon polygon, std::string word = "", bool ignore = false) {
    RecordRegion region;
    region.polygon = std::move(polygon);
    region.text = std::move(word);
    region.ignore = ignore;
    return region;
}

RecordRegion box(double left, double top, double right, double bottom, std::string word = "",
                 bool ignore = false) {
    return text({{left, top}, {right, top}, {right, bottom}, {left, bottom}}, std::move(word),
                ignore);
}

Record image(std::string name, std::vector<RecordRegion> texts, int width = 0, int height = 0) {
    Record record{std::move(name), width, height};
    record.regions = std::move(texts);
    return record;
}

const Polygon kSlanted{{10, 20}, {60, 22}, {60, 40}, {10, 38}};
const Polygon kBent{{10, 20}, {30, 10}, {60, 12}, {60, 24}, {30, 22}, {12, 32}};

/// A box of 40 x 10 at (50, 30) whose corners are turned by the angle about a point.
Polygon turned(double degrees, Point about) {
    const double angle = degrees * std::numbers::pi / 180;
    Polygon polygon;
    for (const Point& p : {Point{50, 30}, Point{90, 30}, Point{90, 40}, Point{50, 40}}) {
        const double dx = p.x - about.x;
        const double dy = p.y - about.y;
        polygon.push_back({about.x + std::cos(angle) * dx - std::sin(angle) * dy,
                           about.y + std::sin(angle) * dx + std::cos(angle) * dy});
    }
    return polygon;
}

void add_icdar(std::vector<LabelExample>& all) {
    all.push_back({"icdar",
                   "gt_img_1.txt",
                   "\xEF\xBB\xBF"
                   "10,20,60,22,60,40,10,38,B1, 8,50\r\n"
                   "10,20,60,22,60,40,10,38,###\r\n"
                   "10,20,60,22,60,40,10,38,04\r\n"
                   "   \r\n"
                   "10,20,60,22,60,40,10,38,\"[06]\"",
                   {image("img_1", {text(kSlanted, "B1, 8,50"), text(kSlanted, "###", true),
                                    text(kSlanted, "04"), text(kSlanted, "\"[06]\"")})}});
    all.push_back(
        {"icdar2013",
         "gt_100.txt",
         "158 128 411 181 \"Foot path\"\n443 128 501 169 \"To\"\n",
         {image("100", {box(158, 128, 411, 181, "Foot path"), box(443, 128, 501, 169, "To")})}});
    all.push_back(
        {"icdar2013",
         "gt_img_1.txt",
         "38, 43, 920, 215, \"4,000\"\n1, 2, 30, 40, \"say \"\"so\"\n",
         {image("img_1", {box(38, 43, 920, 215, "4,000"), box(1, 2, 30, 40, "say \"\"so")})}});
    all.push_back({"icdar-polygon",
                   "poly_gt_img7.txt",
                   "10,20,30,10,60,12,60,24,30,22,12,32,Break,fast\n"
                   "10,20,60,22,60,40,10,38,04\n"
                   "10,20,60,22,60,40,###\n",
                   {image("img7", {text(kBent, "Break,fast"), text(kSlanted, "04"),
                                   text({{10, 20}, {60, 22}, {60, 40}}, "###", true)})}});
    all.push_back({"mlt",
                   "gt_img_3.txt",
                   "10,20,60,22,60,40,10,38,Latin,a, b,\n10,20,60,22,60,40,10,38,None,###\n",
                   {image("img_3", {text(kSlanted, "a, b,"), text(kSlanted, "###", true)})}});
}

void add_competitions(std::vector<LabelExample>& all) {
    all.push_back(
        {"art",
         "train_labels.json",
         R"({"gt_10": [{"transcription": "\u71ce", "points": [[10,20],[60,22],[60,40],[10,38]],)"
         R"( "language": "Chinese", "illegibility": false}],)"
         R"( "gt_2": [{"transcription": "x", "points": [[10,20],[60,22],[60,40]],)"
         R"( "language": "Latin", "illegibility": true}]})",
         {image("gt_10", {text(kSlanted, "\u71ce")}),
          image("gt_2", {text({{10, 20}, {60, 22}, {60, 40}}, "x", true)})}});
    all.push_back(
        {"lsvt",
         "train_full_labels.json",
         R"({"gt_0": [{"transcription": "A", "points": [[10,20],[60,22],[60,40],[10,38]],)"
         R"( "illegibility": false}], "gt_1": []})",
         {image("gt_0", {text(kSlanted, "A")}), image("gt_1", {})}});
    all.push_back(
        {"rects",
         "train_1.json",
         R"({"chars": [{"ignore": 0, "transcription": "H", "points": [1,2,3,2,3,4,1,4]}],)"
         R"( "lines": [{"ignore": 0, "transcription": "HO", "points": [10,20,60,22,60,40,10,38]},)"
         R"( {"ignore": 1, "transcription": "?", "points": [10,20,60,22,60,40,10,38]}]})",
         {image("train_1", {text(kSlanted, "HO"), text(kSlanted, "?", true)})}});
    const std::string chars =
        "10,20,30,10,60,12,60,24,30,22,12,32,13,33,14,34,15,35,16,36,17,37,18,38,19,39,20,40";
    Polygon fourteen = kBent;
    for (int i = 13; i <= 20; ++i)
        fourteen.push_back({static_cast<double>(i), static_cast<double>(i + 20)});
    all.push_back(
        {"ctw1500",
         "0001001.txt",
         chars + ",####E, 3\n" + chars + ",#######\n" + chars + ",#####1\n" + chars + ",####\n",
         {image("0001001", {text(fourteen, "E, 3"), text(fourteen, "###", true),
                            text(fourteen, "#1"), text(fourteen, "")})}});
    all.push_back({"ctw1500",
                   "1001.txt",
                   chars + ",CARE\n" + chars + ",###\n",
                   {image("1001", {text(fourteen), text(fourteen, "###", true)})}});
    all.push_back({"ctw1500",
                   "0200.xml",
                   "<Annotations><image file=\"0200.jpg\"><box height=\"1\" left=\"2\" top=\"3\" "
                   "width=\"4\"><label>R&amp;B</label><segs>" +
                       chars + "</segs><pts x=\"1\" y=\"2\"/></box></image></Annotations>",
                   {image("0200.jpg", {text(fourteen, "R&B")})}});
    std::string offsets = "100,200,150,240";
    Polygon moved;
    for (const Point& p : fourteen) {
        offsets.append(",").append(std::to_string(static_cast<int>(p.x)));
        offsets.append(",").append(std::to_string(static_cast<int>(p.y)));
        moved.push_back({p.x + 100, p.y + 200});
    }
    all.push_back({"ctw1500", "0002.txt", offsets + "\n", {image("0002", {text(moved)})}});
    all.push_back(
        {"td500",
         "IMG_0007.gt",
         "0 0 50 30 40 10 0\r\n1 1 50 30 40 10 0.5235987755982988\r\n",
         {image("IMG_0007", {box(50, 30, 90, 40), text(turned(30, {70, 35}), "", true)})}});
}

void add_total_text(std::vector<LabelExample>& all) {
    all.push_back(
        {"totaltext",
         "poly_gt_img1.txt",
         "x: [[ 10  30\n  60 60 30  12]], y: [[20 10 12 24 22 32]], ornt: [u'c'], "
         "transcriptions: [u\"JOE'S\"]\n"
         "x: [[10 60 60 10]], y: [[-20 22 40 38]], ornt: [u'#'], transcriptions: [u'#']\n"
         "x: [[10 60 60 10]], y: [[20 22 40 38]], ornt: [u'h'], transcriptions: [u'Caf\\xe9', "
         "u'x']\n"
         "x: [[10 60 60 10]], y: [[20 22 40 38]], ornt: [u'h'], transcriptions: []",
         {image("img1",
                {text(kBent, "JOE'S"), text({{10, -20}, {60, 22}, {60, 40}, {10, 38}}, "#", true),
                 text(kSlanted, "Caf\u00e9,x"), text(kSlanted, "", true)})}});
    using Cell = MatCell;
    // Two texts: a column of the array after the other.
    const MatVariable texts{"polygt",
                            {2, 6},
                            {Cell::of("x:"), Cell::of("x:"), Cell::of({1, 4}, {10, 60, 60, 10}),
                             Cell::of({4, 1}, {10, 60, 60, 10}), Cell::of("y:"), Cell::of("y:"),
                             Cell::of({1, 4}, {20, 22, 40, 38}), Cell::of({4, 1}, {20, 22, 40, 38}),
                             Cell::of("SALE"), Cell::of("#"), Cell::of("c"), Cell::of("#")}};
    for (const bool compressed : {false, true})
        all.push_back({"totaltext",
                       "poly_gt_img2.mat",
                       mat_file({texts}, compressed),
                       {image("img2", {text(kSlanted, "SALE"), text(kSlanted, "#", true)})}});
    const std::vector<double> slanted{10, 20, 60, 22, 60, 40, 10, 38};
    std::vector<double> twice = slanted;
    twice.insert(twice.end(), slanted.begin(), slanted.end());
    const std::vector<MatVariable> synth{
        {"charBB", {1, 2}, {Cell::of({2, 4}, slanted), Cell::of({2, 4}, slanted)}},
        {"imnames", {1, 2}, {Cell::of("8/a_1.jpg"), Cell::of("9/b_2.jpg")}},
        {"txt", {1, 2}, {Cell::of("one\ntwo "), Cell::of("three")}},
        {"wordBB", {1, 2}, {Cell::of({2, 4, 2}, twice), Cell::of({2, 4}, slanted)}}};
    for (const bool compressed : {false, true})
        all.push_back({"synthtext",
                       "gt.mat",
                       mat_file(synth, compressed),
                       {image("8/a_1.jpg", {text(kSlanted, "one"), text(kSlanted, "two")}),
                        image("9/b_2.jpg", {text(kSlanted, "three")})}});
}

void add_documents(std::vector<LabelExample>& all) {
    all.push_back(
        {"coco",
         "instances_test.json",
         R"({"images": [{"id": 6, "file_name": "test/a.jpg", "width": 100, "height": 60},)"
         R"( {"id": 0, "file_name": "b.jpg", "width": 90, "height": 50}], "categories": [],)"
         R"( "annotations": [{"id": 1, "image_id": 6, "iscrowd": 1, "category_id": 1,)"
         R"( "segmentation": [[10,20,60,22,60,40,10,38]], "bbox": [10,20,50,20]},)"
         R"( {"image_id": 6, "iscrowd": 0, "bbox": [1,2,29,7], "utf8_string": "box"},)"
         R"( {"image_id": 6, "iscrowd": 0, "segmentation": [[1,1,3,1,3,3],[5,5,7,5,7,7]]}]})",
         {image("test/a.jpg",
                {text(kSlanted, "", true), box(1, 2, 30, 9, "box"), text({{1, 1}, {3, 1}, {3, 3}}),
                 text({{5, 5}, {7, 5}, {7, 7}})},
                100, 60),
          image("b.jpg", {}, 90, 50)}});
    all.push_back(
        {"mmocr",
         "instances_test.txt",
         R"({"file_name": "a.jpg", "height": 60, "width": 100, "annotations": [{"iscrowd": 1,)"
         R"( "bbox": [10,20,50,20], "segmentation": [[10,20,60,22,60,40,10,38]]}]})"
         "\n"
         R"({"file_name": "b.jpg", "height": 50, "width": 90, "annotations": []})"
         "\n",
         {image("a.jpg", {text(kSlanted, "", true)}, 100, 60), image("b.jpg", {}, 90, 50)}});
    all.push_back(
        {"mmocr",
         "textdet_test.json",
         R"({"metainfo": {}, "data_list": [{"instances": [{"polygon": [10,20,60,22,60,40,10,38],)"
         R"( "bbox": [10,20,60,40], "ignore": false, "text": "w"}, {"bbox": [1,2,30,9],)"
         R"( "ignore": true}], "img_path": "imgs/a.jpg", "height": 60, "width": 100}]})",
         {image("imgs/a.jpg", {text(kSlanted, "w"), box(1, 2, 30, 9, "", true)}, 100, 60)}});
    all.push_back(
        {"paddle",
         "Label.txt",
         "imgs/a b.jpg\t[{\"transcription\": \"null\", \"points\": [[10,20],[60,22],[60,40],"
         "[10,38]], \"difficult\": true, \"key_cls\": \"None\"}, {\"transcription\": "
         "\"###\", \"points\": [[10,20],[60,22],[60,40],[10,38]]}]\nb.jpg\t[]\n",
         {image("imgs/a b.jpg", {text(kSlanted, "null"), text(kSlanted, "###", true)}),
          image("b.jpg", {})}});
    const std::string coco_text_images =
        R"({"cats": {}, "imgs": {"7": {"id": 7, "set": "train", "width": 100, "height": 60,)"
        R"( "file_name": "c.jpg"}, "8": {"id": 8, "width": 9, "height": 9, "file_name": "d.jpg"}},)"
        R"( "imgToAnns": {"7": [1, 2], "8": []}, "anns": )";
    all.push_back({"cocotext",
                   "cocotext.v2.json",
                   coco_text_images +
                       R"({"1": {"id": 1, "image_id": 7, "mask": [10,20,60,22,60,40,10,38],)"
                       R"( "bbox": [1,1,1,1], "utf8_string": "w", "legibility": "legible"},)"
                       R"( "2": {"id": 2, "image_id": 7, "polygon": [10,20,60,22,60,40,10,38],)"
                       R"( "bbox": [1,1,1,1], "legibility": "illegible"}}})",
                   {image("c.jpg", {text(kSlanted, "w"), text(kSlanted, "", true)}, 100, 60),
                    image("d.jpg", {}, 9, 9)}});
    all.push_back(
        {"textocr",
         "TextOCR_0.1_val.json",
         coco_text_images +
             R"({"7_1": {"id": "7_1", "image_id": "7", "points": [10,20,60,22,60,40,10,38],)"
             R"( "bbox": [1,1,1,1], "utf8_string": "11.5,"}, "7_2": {"id": "7_2",)"
             R"( "image_id": "7", "points": [10,20,60,22,60,40], "utf8_string": "."}}})",
         {image("c.jpg", {text(kSlanted, "11.5,"), text({{10, 20}, {60, 22}, {60, 40}}, ".", true)},
                100, 60),
          image("d.jpg", {}, 9, 9)}});
    const std::string hier =
        R"({"info": {}, "annotations": [{"image_id": "00a", "image_width": 100, "image_height": 60,)"
        R"( "paragraphs": [{"vertices": [[1,2],[30,2],[30,9],[1,9]], "legible": true, "lines":)"
        R"( [{"vertices": [[10,20],[60,22],[60,40],[10,38]], "text": "a b", "legible": true,)"
        R"( "words": [{"vertices": [[10,20],[60,22],[60,40],[10,38]], "text": "a", "legible": true},)"
        R"( {"vertices": [[10,20],[60,22],[60,40],[10,38]], "text": "", "legible": false}]}]},)"
        R"( {"vertices": [[1,2],[30,2],[30,9],[1,9]], "legible": false, "lines": []}]}]})";
    all.push_back({"hiertext",
                   "train.jsonl",
                   hier,
                   {image("00a", {text(kSlanted, "a"), text(kSlanted, "", true)}, 100, 60)}});
    all.push_back({"hiertext-line",
                   "train.jsonl",
                   hier,
                   {image("00a", {text(kSlanted, "a b")}, 100, 60)},
                   false});
    all.push_back({"hiertext-paragraph",
                   "train.jsonl",
                   hier,
                   {image("00a", {box(1, 2, 30, 9), box(1, 2, 30, 9, "", true)}, 100, 60)},
                   false});
    all.push_back({"doctr",
                   "labels.json",
                   R"({"a.png": {"img_dimensions": [60, 100], "img_hash": "x", "polygons":)"
                   R"( [[[10,20],[60,40],[60,20],[10,40]]]}, "b.png": {"polygons": {"words":)"
                   R"( [[[10,20],[60,22],[60,40],[10,38]]], "ignore": []}},)"
                   R"( "c.png": {"typed_words": [{"value": "w", "geometry": [1,2,30,9]}]}})",
                   {image("a.png", {text({{10, 20}, {60, 20}, {60, 40}, {10, 40}})}),
                    image("b.png", {text(kSlanted)}), image("c.png", {box(1, 2, 30, 9, "w")})}});
}

void add_tools(std::vector<LabelExample>& all) {
    all.push_back(
        {"labelme",
         "a.json",
         R"({"version": "5.0", "imagePath": "..\\imgs\\a.jpg", "imageData": null, "imageHeight": 60,)"
         R"( "imageWidth": 100, "shapes": [{"label": "SALE", "points": [[30,9],[1,2]],)"
         R"( "shape_type": "rectangle"}, {"label": "###", "points":)"
         R"( [[10,20],[60,22],[60,40],[10,38]], "shape_type": "polygon"}, {"label": "x",)"
         R"( "points": [[1,1],[2,2]], "shape_type": "circle"}, {"label": "text",)"
         R"( "description": "word", "points": [[10,20],[60,22],[60,40],[10,38]],)"
         R"( "shape_type": "rectangle"}, {"label": "text", "description": "no", "difficult": true,)"
         R"( "points": [[10,20],[60,22],[60,40],[10,38]], "shape_type": "rotation"}]})",
         {image("..\\imgs\\a.jpg",
                {box(1, 2, 30, 9, "SALE"), text(kSlanted, "###", true), text(kSlanted, "word"),
                 text(kSlanted, "no", true)},
                100, 60)}});
    all.push_back(
        {"labelstudio",
         "export.json",
         R"([{"id": 1, "data": {"ocr": "/data/upload/0123abcd-a.jpg"}, "annotations":)"
         R"( [{"was_cancelled": true, "result": []}, {"result": [{"id": "r", "type": "rectangle",)"
         R"( "original_width": 200, "original_height": 100, "value": {"x": 25, "y": 30,)"
         R"( "width": 20, "height": 10, "rotation": 30}}, {"id": "r", "type": "textarea",)"
         R"( "value": {"x": 25, "y": 30, "width": 20, "height": 10, "rotation": 30, "text":)"
         R"( ["word"]}}, {"id": "r", "type": "labels", "value": {"x": 25, "y": 30, "width": 20,)"
         R"( "height": 10, "rotation": 30, "labels": ["Text"]}}, {"id": "p", "type":)"
         R"( "polygonlabels", "original_width": 200, "original_height": 100, "value": {"points":)"
         R"( [[5,20],[30,22],[30,40],[5,38]], "polygonlabels": ["Illegible"]}}]}]},)"
         R"( {"id": 2, "data": {"ocr": "b.jpg"}, "annotations": []}])",
         {image("data/upload/0123abcd-a.jpg",
                {text(turned(30, {50, 30}), "word"), text(kSlanted, "", true)}, 200, 100),
          image("b.jpg", {})}});
    const std::string via_regions =
        R"([{"shape_attributes": {"name": "rect", "x": 1, "y": 2, "width": 29, "height": 7},)"
        R"( "region_attributes": {"text": "box"}}, {"shape_attributes": {"name": "polygon",)"
        R"( "all_points_x": [10,60,60,10,10], "all_points_y": [20,22,40,38,20]},)"
        R"( "region_attributes": {"illegible": "true"}}, {"shape_attributes": {"name": "circle",)"
        R"( "cx": 1, "cy": 2, "r": 3}, "region_attributes": {}}])";
    const std::vector<Record> via_records{
        image("a.jpg", {box(1, 2, 30, 9, "box"), text(kSlanted, "", true)})};
    const std::string via_image = R"({"a.jpg99": {"filename": "a.jpg", "size": 99, "regions": )" +
                                  via_regions + R"(, "file_attributes": {}}})";
    all.push_back({"via", "via.json", via_image, via_records});
    all.push_back({"via", "project.json",
                   R"({"_via_settings": {"ui": {}}, "_via_img_metadata": )" + via_image + "}",
                   via_records});
    all.push_back({"via",
                   "via.csv",
                   "#filename,file_size,file_attributes,region_count,region_id,"
                   "region_shape_attributes,region_attributes\n"
                   "a.jpg,99,\"{}\",2,0,\"{\"\"name\"\":\"\"rect\"\",\"\"x\"\":1,\"\"y\"\":2,"
                   "\"\"width\"\":29,\"\"height\"\":7}\",\"{\"\"text\"\":\"\"a, b\"\"}\"\n"
                   "b.jpg,99,\"{}\",0,0,\"{}\",\"{}\"\n",
                   {image("a.jpg", {box(1, 2, 30, 9, "a, b")}), image("b.jpg", {})}});
    all.push_back(
        {"via",
         "via3.json",
         R"({"project": {"pid": "x"}, "config": {}, "attribute": {"1": {"aname": "text"}},)"
         R"( "file": {"5": {"fid": "5", "fname": "a.jpg"}}, "metadata": {"m1": {"vid": "9",)"
         R"( "xy": [2,1,2,29,7], "av": {"1": "box"}}, "m2": {"vid": "9", "xy":)"
         R"( [7,10,20,60,22,60,40,10,38], "av": {"1": "###"}}}, "view": {"9": {"fid_list":)"
         R"( ["5"]}}})",
         {image("a.jpg", {box(1, 2, 30, 9, "box"), text(kSlanted, "###", true)})}});
    all.push_back(
        {"cvat",
         "annotations.xml",
         "<?xml version=\"1.0\"?><annotations><meta/><image id=\"0\" name=\"d/a.jpg\" "
         "width=\"100\" "
         "height=\"60\"><box xtl=\"50\" ytl=\"30\" xbr=\"90\" ybr=\"40\" rotation=\"330\" "
         "label=\"text\"><attribute name=\"text\">a &amp; b</attribute></box>"
         "<polygon points=\"10,20;60,22;60,40;10,38\" label=\"ignore\"/>"
         "<skeleton><points points=\"1,2\"/></skeleton></image></annotations>",
         {image("d/a.jpg", {text(turned(330, {70, 35}), "a & b"), text(kSlanted, "", true)}, 100,
                60)}});
    all.push_back(
        {"voc",
         "demo.xml",
         "<annotation><filename>demo</filename><size><width>100</width><height>60</height></size>"
         "<object><name>dog</name><difficult>0</difficult><bndbox><xmin>30</xmin><ymin>9</ymin>"
         "<xmax>1</xmax><ymax>2</ymax></bndbox></object><object><type>robndbox</type>"
         "<difficult>1</difficult><robndbox><cx>70</cx><cy>35</cy><w>40</w><h>10</h>"
         "<angle>3.0543261909900767</angle></robndbox></object></annotation>",
         {image("demo", {box(1, 2, 30, 9), text(turned(175, {70, 35}), "", true)}, 100, 60)}});
    all.push_back({"dota",
                   "P1.txt",
                   "imagesource:GoogleEarth\r\ngsd:null\r\n10 20 60 22 60 40 10 38 ship 0\r\n"
                   "10 20 60 22 60 40 10 38 ship 2\r\n10 20 60 22 60 40 10 38 ship\r\n",
                   {image("P1", {text(kSlanted), text(kSlanted, "", true), text(kSlanted)})}});
    Record yolo =
        image("1", {text({{0.1, 0.2}, {0.6, 0.22}, {0.6, 0.4}, {0.1, 0.38}}),
                    box(0.25, 0.125, 0.75, 0.375), text({{0.1, 0.2}, {0.6, 0.22}, {0.6, 0.4}})});
    yolo.relative = true;
    all.push_back({"yolo",
                   "1.txt",
                   "1 0.1 0.2 0.6 0.22 0.6 0.4 0.1 0.38\n0 0.5 0.25 0.5 0.25\n"
                   "0 0.1 0.2 0.6 0.22 0.6 0.4\n",
                   {yolo}});
}

void add_own(std::vector<LabelExample>& all) {
    const std::string json =
        R"({"schema":1,"image":"a.jpg","width":100,"height":60,"regions":[{"polygon":)"
        R"([[10,20],[60,22],[60,40],[10,38]],"text":"w"},{"rect":[1,2,29,7],"ignore":true}]})";
    const std::vector<Record> records{
        image("a.jpg", {text(kSlanted, "w"), box(1, 2, 30, 9, "", true)}, 100, 60)};
    all.push_back({"json", "a.json", "{\n" + json.substr(1), records});
    all.push_back({"jsonl", "a.jsonl", json + "\n", records});
    all.push_back(
        {"csv",
         "a.csv",
         "image,width,height,region,score,points,text,ignore\r\n"
         "a.jpg,100,60,1,,10 20 60 22 60 40 10 38,\"w, \"\"x\"\"\",0\r\n"
         "b.jpg,9,9,,,,,\r\n",
         {image("a.jpg", {text(kSlanted, "w, \"x\"")}, 100, 60), image("b.jpg", {}, 9, 9)}});
}

}  // namespace

std::vector<LabelExample> label_examples() {
    std::vector<LabelExample> all;
    add_own(all);
    add_icdar(all);
    add_competitions(all);
    add_total_text(all);
    add_documents(all);
    add_tools(all);
    return all;
}

}  // namespace dbnet::test
