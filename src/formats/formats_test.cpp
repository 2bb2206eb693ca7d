#include "formats/formats.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <nlohmann/json.hpp>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::formats {
namespace {

namespace fs = std::filesystem;

constexpr double kHundredth = 0.005 + 1e-9;
constexpr double kInteger = 0.5 + 1e-9;

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Names and transcriptions with everything that some format has to quote or escape.
const std::vector<std::string> kAwkward = {
    "",           "plain", "a,b", "say \"hi\"", "<&>", "caf\u00e9 \u6587\u5b57", "back\\slash",
    "two  spaces"};

class RandomRecords {
public:
    explicit RandomRecords(unsigned seed) : random_(seed) {}

    Record record(int number) {
        Record record{"photos/" + pick() + std::to_string(number) + ".jpg", 1280, 720};
        const int regions = static_cast<int>(uniform(0, 6));
        for (int i = 0; i < regions; ++i) record.regions.push_back(region());
        return record;
    }

private:
    double uniform(double low, double high) {
        return std::uniform_real_distribution<>(low, high)(random_);
    }

    std::string pick() {
        return kAwkward[static_cast<std::size_t>(uniform(0, double(kAwkward.size())))];
    }

    Point point() { return {uniform(-20, 1300), uniform(-20, 740)}; }

    RecordRegion region() {
        RecordRegion region;
        const int vertices = static_cast<int>(uniform(3, 12));
        for (int i = 0; i < vertices; ++i) region.polygon.push_back(point());
        region.quad = Quad{point(), point(), point(), point()};
        region.rect = Rect{uniform(0, 100), uniform(0, 100), uniform(0, 100), uniform(0, 100)};
        region.score = static_cast<float>(uniform(0, 1));
        region.text = pick();
        region.ignore = uniform(0, 1) < 0.3;
        return region;
    }

    std::mt19937 random_;
};

void expect_near(const Polygon& read, const Polygon& written, double tolerance) {
    ASSERT_EQ(read.size(), written.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_NEAR(read[i].x, written[i].x, tolerance);
        EXPECT_NEAR(read[i].y, written[i].y, tolerance);
    }
}

/// Writes records in the format and reads them back, file by file for formats of that kind.
std::vector<Record> round_trip(const Format& format, const std::vector<Record>& records,
                               const WriteOptions& options) {
    const test::TempDir folder;
    std::vector<Record> back;
    if (format.one_file()) {
        const std::string path = folder / format.file_name("predictions");
        const auto writer = format.open(path, options);
        for (const Record& record : records) writer->add(record);
        EXPECT_FALSE(fs::exists(path)) << "visible before it is complete";
        writer->finish();
        return read_all(format, path);
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        const std::string path = folder / format.file_name(std::to_string(i));
        write_image_file(format, path, records[i], options);
        for (Record& record : read_all(format, path)) back.push_back(std::move(record));
    }
    return back;
}

struct Case {
    const char* format;
    Shape standard;  ///< the outline it writes by default
    double tolerance;
    bool keeps_image = true;  ///< path and size of the image
    bool keeps_text = true;   ///< transcription and ignore
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.format; }

class RoundTrip : public testing::TestWithParam<Case> {};

TEST_P(RoundTrip, gives_the_same_polygons) {
    const Case& expected = GetParam();
    const Format& format = *find(expected.format);
    for (const Shape shape : {Shape::standard, Shape::quad, Shape::polygon, Shape::rect}) {
        RandomRecords random(static_cast<unsigned>(shape) + 1);
        std::vector<Record> written;
        for (int i = 0; i < 20; ++i) written.push_back(random.record(i));
        const std::vector<Record> read = round_trip(format, written, {shape, true});
        ASSERT_EQ(read.size(), written.size());
        for (std::size_t i = 0; i < read.size(); ++i) {
            if (expected.keeps_image) {
                EXPECT_EQ(read[i].image, written[i].image);
            }
            ASSERT_EQ(read[i].regions.size(), written[i].regions.size());
            for (std::size_t j = 0; j < read[i].regions.size(); ++j) {
                const RecordRegion& in = written[i].regions[j];
                const RecordRegion& out = read[i].regions[j];
                expect_near(out.polygon, outline(in, shape, expected.standard), expected.tolerance);
                ASSERT_TRUE(out.score.has_value());
                EXPECT_NEAR(*out.score, *in.score, 5.1e-5);
                if (!expected.keeps_text) continue;
                EXPECT_EQ(out.ignore, in.ignore);
                if (!in.ignore) {
                    EXPECT_EQ(out.text, in.text);
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTrip,
                         testing::Values(Case{"json", Shape::polygon, kHundredth},
                                         Case{"jsonl", Shape::polygon, kHundredth},
                                         Case{"icdar", Shape::quad, kInteger, false, false},
                                         Case{"csv", Shape::polygon, kHundredth},
                                         Case{"paddle", Shape::quad, kHundredth},
                                         Case{"labelme", Shape::polygon, kHundredth, false},
                                         Case{"coco", Shape::polygon, kHundredth},
                                         Case{"mmocr", Shape::polygon, kHundredth}),
                         [](const auto& test) { return std::string(test.param.format); });

TEST(Formats, every_format_with_a_reader_is_in_the_round_trip) {
    std::string names;
    for (const Format* format : all())
        if (format->read != nullptr && format->is_written())
            names += std::string(format->name) + " ";
    // Those without scores are in conversion_test.cpp.
    EXPECT_EQ(names, "json jsonl icdar csv paddle labelme coco mmocr totaltext ctw1500 yolo ");
    EXPECT_EQ(find("yaml"), nullptr);
}

TEST(Formats, json_keeps_everything) {
    Record record{"a.jpg", 640, 480};
    record.regions.push_back(
        {{{1, 2}, {30, 2}, {30, 9}}, Quad{{{1, 2}, {30, 2}, {30, 9}, {1, 9}}}});
    record.candidates.push_back(
        {"low_score", "score 0.41 is below the box threshold 0.6", {{1, 1}, {2, 1}}, 0.41, 5.25});
    record.warnings = {"animated: only the first of 12 frames is used"};
    record.timing_ms = {{"decode", 1.25}, {"forward", 20.5}};
    const Record read = round_trip(*find("json"), {record}, {}).front();
    EXPECT_EQ(read.width, 640);
    EXPECT_EQ(read.height, 480);
    ASSERT_TRUE(read.regions[0].quad.has_value());
    EXPECT_EQ(*read.regions[0].quad, *record.regions[0].quad);
    EXPECT_FALSE(read.regions[0].score.has_value());
    ASSERT_EQ(read.candidates.size(), 1u);
    EXPECT_EQ(read.candidates[0].verdict, "low_score");
    EXPECT_EQ(read.candidates[0].reason, record.candidates[0].reason);
    EXPECT_EQ(read.candidates[0].contour, record.candidates[0].contour);
    EXPECT_EQ(read.candidates[0].score, 0.41);
    EXPECT_EQ(read.candidates[0].short_side, 5.25);
    EXPECT_EQ(read.warnings, record.warnings);
    EXPECT_EQ(read.timing_ms, record.timing_ms);
}

TEST(Formats, json_shape_writes_that_outline_only) {
    const Record record = RandomRecords(3).record(0);
    const auto keys = [&](Shape shape) {
        const auto line = nlohmann::json::parse(json_line(record, {shape, false}));
        std::string names;
        for (const auto& item : line["regions"][0].items())
            if (item.value().is_array()) names += item.key() + " ";
        return names;
    };
    ASSERT_FALSE(record.regions.empty());
    EXPECT_EQ(keys(Shape::standard), "polygon quad ");
    EXPECT_EQ(keys(Shape::polygon), "polygon ");
    EXPECT_EQ(keys(Shape::quad), "quad ");
    EXPECT_EQ(keys(Shape::rect), "rect ");
}

TEST(Formats, names_that_are_not_utf8_give_valid_json) {
    const Record record{"caf\xe9.jpg", 1, 1};
    EXPECT_EQ(nlohmann::json::parse(json_line(record, {})).at("image"), "caf\uFFFD.jpg");
}

TEST(Formats, icdar_reads_annotations_as_they_are_published) {
    const test::TempDir folder;
    const std::string path = folder / "gt_img_7.txt";
    core::write_file(path, std::string_view("\xEF\xBB\xBF"
                                            "1,2,30,2,30,9,1,9,Genaxis Theatre\r\n"
                                            "1,2,30,2,30,9,1,9,###\r\n"
                                            " 1, 2,30.5,2,30,9,1,9,8,50\r\n"
                                            "1,2,30,2,30,9,1,9\r\n"
                                            "\r\n"));
    const Record record = read_all(*find("icdar"), path).at(0);
    EXPECT_EQ(record.image, "img_7");
    ASSERT_EQ(record.regions.size(), 4u);
    EXPECT_EQ(record.regions[0].text, "Genaxis Theatre");
    EXPECT_EQ(record.regions[0].polygon, (Polygon{{1, 2}, {30, 2}, {30, 9}, {1, 9}}));
    EXPECT_FALSE(record.regions[0].ignore);
    EXPECT_TRUE(record.regions[1].ignore);
    EXPECT_EQ(record.regions[2].text, "8,50");
    EXPECT_EQ(record.regions[2].polygon[1].x, 30.5);
    EXPECT_FALSE(record.regions[2].score.has_value());
    EXPECT_EQ(record.regions[3].text, "");
}

TEST(Formats, icdar_writes_integers_and_scores_only_when_asked) {
    Record record{"a.jpg", 100, 100};
    record.regions.push_back({{{0, 0}, {9, 0}, {9, 9}},
                              Quad{{{0.4, 0.6}, {10.2, 1}, {10, 9.7}, {-0.4, 9}}},
                              {},
                              0.875f});
    const Format& format = *find("icdar");
    EXPECT_EQ(format.file_name("a"), "res_a.txt");
    EXPECT_EQ(format.render(record, "", {}), "0,1,10,1,10,10,0,9\n");
    EXPECT_EQ(format.render(record, "", {Shape::standard, true}), "0,1,10,1,10,10,0,9,0.875\n");
}

TEST(Formats, paddle_reads_both_marks_of_illegible_text) {
    const test::TempDir folder;
    core::write_file(folder / "l.txt",
                     std::string_view("a/b.jpg\t[{\"transcription\": \"*\", \"points\": [[1,2],[3,"
                                      "2],[3,4]]}, {\"transcription\": \"###\", \"points\": "
                                      "[[1,2],[3,2],[3,4],[1,4]]}]\r\nc.jpg\t[]\r\n"));
    const std::vector<Record> records = read_all(*find("paddle"), folder / "l.txt");
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].image, "a/b.jpg");
    ASSERT_EQ(records[0].regions.size(), 2u);
    EXPECT_TRUE(records[0].regions[0].ignore);
    EXPECT_TRUE(records[0].regions[1].ignore);
    EXPECT_TRUE(records[1].regions.empty());
}

TEST(Formats, td500_boxes_turn_about_their_centre) {
    const test::TempDir folder;
    core::write_file(folder / "IMG_0007.gt",
                     std::string_view("0 0 10 20 40 10 0\r\n\r\n"
                                      " 1\t1  10 20 40 10 1.5707963267948966 \r\n"));
    const Record record = read_all(*find("td500"), folder / "IMG_0007.gt").at(0);
    EXPECT_EQ(record.image, "IMG_0007");
    ASSERT_EQ(record.regions.size(), 2u);
    EXPECT_EQ(record.regions[0].polygon, (Polygon{{10, 20}, {50, 20}, {50, 30}, {10, 30}}));
    EXPECT_FALSE(record.regions[0].ignore);
    EXPECT_EQ(record.regions[0].line, 1u);
    // A quarter turn clockwise on screen: what was top-left is top-right.
    expect_near(record.regions[1].polygon, {{35, 5}, {35, 45}, {25, 45}, {25, 5}}, 1e-9);
    EXPECT_TRUE(record.regions[1].ignore);
    EXPECT_EQ(record.regions[1].line, 3u);
}

TEST(Formats, labelme_links_to_the_image_and_reads_rectangles) {
    const test::TempDir folder;
    fs::create_directories(folder / "out/labelme");
    const std::string path = folder / "out/labelme/a.json";
    Record record{folder / "photos/a.jpg", 640, 480};
    write_image_file(*find("labelme"), path, record, {});
    EXPECT_EQ(read_all(*find("labelme"), path).at(0).image, "../../photos/a.jpg");

    core::write_file(path, std::string_view("{\"imagePath\": \"a.jpg\", \"shapes\": [{\"label\": "
                                            "\"A\", \"shape_type\": \"rectangle\", \"points\": "
                                            "[[9, 2], [1, 8]]}]}"));
    EXPECT_EQ(read_all(*find("labelme"), path).at(0).regions.at(0).polygon,
              (Polygon{{1, 2}, {9, 2}, {9, 8}, {1, 8}}));
}

TEST(Formats, coco_has_box_and_area) {
    const test::TempDir folder;
    Record record{"a.jpg", 640, 480};
    record.regions.push_back({{{10, 20}, {40, 20}, {40, 30}, {10, 30}}});
    const auto writer = find("coco")->open(folder / "p.json", {});
    writer->add(record);
    writer->finish();
    const auto json = nlohmann::json::parse(read_text(folder / "p.json"));
    const auto& annotation = json.at("annotations").at(0);
    EXPECT_EQ(annotation.at("bbox"), nlohmann::json({10, 20, 30, 10}));
    EXPECT_EQ(annotation.at("area"), 300);
    EXPECT_EQ(annotation.at("image_id"), json.at("images").at(0).at("id"));
    EXPECT_EQ(annotation.at("category_id"), json.at("categories").at(0).at("id"));
}

TEST(Formats, svg_escapes_names_and_text) {
    Record record{"a.jpg", 640, 480};
    record.regions.push_back({{{1, 2}, {3.456, 2}, {3, 4}}, {}, {}, 0.5f, "<b> & \"c\""});
    const std::string svg = find("svg")->render(record, "a b/\"x\"#1.jpg", {});
    EXPECT_NE(svg.find("href=\"a%20b/%22x%22%231.jpg\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("points=\"1,2 3.46,2 3,4\""), std::string::npos) << svg;
    EXPECT_NE(svg.find("<title>0.5 &lt;b> &amp; &quot;c&quot;</title>"), std::string::npos) << svg;
}

TEST(Formats, an_unfinished_file_leaves_nothing) {
    const test::TempDir folder;
    for (const Format* format : all()) {
        if (!format->one_file()) continue;
        format->open(folder / std::string(format->name), {})->add(RandomRecords(1).record(0));
        EXPECT_TRUE(fs::is_empty(folder.path())) << format->name;
    }
}

struct BadFile {
    const char* format;
    const char* name;
    std::string content;
    const char* message;  ///< part of what is said, after the file's name
};

const std::string kRegionsHead = R"({"schema":1,"image":"a","width":1,"height":1,"regions":)";

const std::vector<BadFile> kBadFiles = {
    {"json", "x.json", "", ": not valid JSON at 1:1"},
    {"json", "x.json", "{\n \"schema\": 1,\n oops", ": not valid JSON at 3:2"},
    {"json", "x.json", std::string(100'000, '['), ": nested more than 100 times"},
    {"json", "x.json", "[1e999]", ": not valid JSON: a number is too large"},
    {"json", "x.json", "{}", ": has no \"schema\""},
    {"json", "x.json", "{\"schema\": 99}", ": schema 99, expected 1"},
    {"json", "x.json", "7", ": expected an object"},
    {"json", "x.json", kRegionsHead + "7}", ": regions: expected an array"},
    {"json", "x.json", kRegionsHead + "[{}]}", ": regions[0]: has no \"polygon\""},
    {"json", "x.json", kRegionsHead + "[{\"polygon\":[[0,0],[1,1]]}]}",
     ": regions[0].polygon: expected at least 3 points, got 2"},
    {"json", "x.json", kRegionsHead + "[{\"polygon\":[[0,0],[1,1],[1]]}]}",
     ": regions[0].polygon: expected points [x, y]"},
    {"json", "x.json", kRegionsHead + "[{\"polygon\":[[0,0],[1,1],[1,\"2\"]]}]}",
     ": regions[0].polygon: expected a number"},
    {"json", "x.json", kRegionsHead + "[{\"polygon\":[[0,0],[1,1],[1,1e30]]}]}",
     ": regions[0].polygon: 1e+30 is out of range"},
    {"json", "x.json", kRegionsHead + "[{\"score\":1.5,\"rect\":[0,0,1,1]}]}",
     ": regions[0].score: 1.5 is out of range"},
    {"json", "x.json", kRegionsHead + "[{\"rect\":[0,0,-1,1]}]}",
     ": regions[0].rect: -1 is out of range"},
    {"json", "x.json", kRegionsHead + "[{\"quad\":[[0,0],[1,1],[1,1],[2,2],[3,3]]}]}",
     ": regions[0].quad: expected 4 points"},
    {"json", "x.json", R"({"schema":1,"image":"a","width":-1,"height":1,"regions":[]})",
     ": width: -1 is out of range"},
    {"jsonl", "x.jsonl", kRegionsHead + "[]}\n\n{", ":3: not valid JSON at 1:"},
    {"icdar", "gt_1.txt", "1,2,3\n", ":1: expected x1,y1,x2,y2,x3,y3,x4,y4,text, got 3 fields"},
    {"icdar", "gt_1.txt", "\n1,2,3,4,5,6,7,eight,text\n", ":2: 'eight' is not a coordinate"},
    {"icdar", "gt_1.txt", "1,2,3,4,5,6,7,nan,text\n", ":1: 'nan' is not a coordinate"},
    {"icdar", "gt_1.txt", "1,2,3,4,5,6,7,1e400,text\n", ":1: '1e400' is not a coordinate"},
    {"icdar", "gt_1.txt", "1,2,3,4,5,6,7,9999999999,text\n", ":1: '9999999999' is not a coord"},
    {"icdar", "gt_1.txt", std::string("1,2\0,3", 6), ": not a text file"},
    {"icdar", "res_1.txt", "1,2,3,4,5,6,7,8,2\n", ":1: '2' is not a score between 0 and 1"},
    {"icdar", "res_1.txt", "1,2,3,4\n", ":1: expected x,y pairs of at least 3 points, got 4"},
    {"csv", "x.csv", "", ":1: expected the heading image,width"},
    {"csv", "x.csv", "image,score\n", ":1: expected the heading image,width"},
    {"csv", "x.csv", "image,width,height,region,score,points,text,ignore\na,1,1\n",
     ":2: expected 8 fields, got 3"},
    {"csv", "x.csv", "image,width,height,region,score,points,text,ignore\n\"a,1,1,1,0.5\n",
     ":2: a quoted field is not closed"},
    {"csv", "x.csv", "image,width,height,region,score,points,text,ignore\na,1.5,1,,,,,\n",
     ":2: a size in pixels must be a whole number"},
    {"csv", "x.csv",
     "image,width,height,region,score,points,text,ignore\na,1,1,1,0.5,1 2 3 4 5 6,,maybe\n",
     ":2: ignore must be 0 or 1"},
    {"paddle", "x.txt", "a.jpg []\n", ":1: expected an image's path, a tab and a JSON array"},
    {"paddle", "x.txt", "a.jpg\t{}\n", ":1: expected an array"},
    {"paddle", "x.txt", "a.jpg\t[{\"points\": [[1,2],[3,4],[5,6]]}]\n",
     ":1: [0]: has no \"transcription\""},
    {"labelme", "x.json", R"({"shapes":[]})", ": has no \"imagePath\""},
    {"td500", "x.gt", "0 0 1 2 3 4 0.5\n1 0 1 2 3 4\n",
     ":2: expected index difficult x y w h theta, got 6 fields"},
    {"td500", "x.gt", "0 2 1 2 3 4 0\n", ":1: '2' is not 0 or 1 (difficult)"},
    {"td500", "x.gt", "0 0 1 2 3 4 inf\n", ":1: 'inf' is not a coordinate"},
    {"td500", "x.gt", "0 0 1 2 -3 4 0\n", ":1: the box has a negative side"},
    {"coco", "x.json", R"({"images":[]})", ": has no \"annotations\""},
    {"coco", "x.json",
     R"({"images":[{"id":1,"file_name":"a","width":1,"height":1},)"
     R"({"id":1,"file_name":"b","width":1,"height":1}],"annotations":[]})",
     ": images[1]: another image has the same \"id\""},
    {"coco", "x.json", R"({"images":[],"annotations":[{"image_id":4}]})",
     ": annotations[0]: has no \"bbox\""},
    {"coco", "x.json", R"({"images":[],"annotations":[{"image_id":4,"bbox":[1,2,3,4]}]})",
     ": 1 texts have the \"image_id\" 4, which no image has"},
    {"coco", "x.json",
     R"({"images":[{"id":1,"file_name":"a","width":1,"height":1}],)"
     R"("annotations":[{"image_id":1,"segmentation":[[1,2,3,4,5]]}]})",
     ": annotations[0].segmentation: expected x, y pairs of at least 3 points"},
};

TEST(Formats, bad_files_are_refused_with_their_place) {
    const test::TempDir folder;
    for (const BadFile& bad : kBadFiles) {
        const std::string path = folder / bad.name;
        core::write_file(path, std::string_view(bad.content));
        try {
            read_all(*find(bad.format), path);
            ADD_FAILURE() << bad.format << " accepted " << bad.content.substr(0, 80);
        } catch (const Error& error) {
            EXPECT_EQ(std::string(error.what()).rfind(path + bad.message, 0), 0u)
                << error.what() << "\nexpected ..." << bad.message;
        }
    }
}

TEST(Formats, with_a_sink_for_problems_only_the_malformed_parts_are_left_out) {
    struct Example {
        const char* format;
        const char* name;
        const char* content;
        std::vector<std::string> problems;  ///< how each begins, after the path
        std::size_t texts;
    };
    const std::string csv = "image,width,height,region,score,points,text,ignore\n";
    const std::string csv_content = csv + "a,9,9,1,,1 2 3 4,x,0\na,9,9,1,,1 2 3 4 5 6,x,0\na,9\n";
    const Example examples[] = {
        {"icdar",
         "gt_a.txt",
         "1,2,3,2,3,4,1,4,x\n1,2,3\n1,2,3,2,3,4,1,4,y\n1,2,3,2,3,4,1,b,z\n",
         {":2: expected", ":4: 'b'"},
         2},
        {"td500", "a.gt", "0 2 1 1 5 5 0\n0 0 1 1 5 5 0\nx\n", {":1: '2'", ":3: expected"}, 1},
        {"paddle",
         "a.txt",
         "a\nb\t[{\"points\":[[1,2],[3,4]]},{\"points\":[[1,2],[3,4],[5,6]],\"transcription\":"
         "\"x\"}]\n"
         "c\t[\n",
         {":1: expected an image's path", ":2: [0].points", ":3: not valid JSON"},
         1},
        {"jsonl",
         "a.jsonl",
         "{}\n{\"schema\":1,\"image\":\"a\",\"width\":9,\"height\":9,\"regions\":[{},"
         "{\"polygon\":[[1,2],[3,4],[5,6]]}]}\n",
         {":1: has no \"schema\"", ":2: regions[0]"},
         1},
        {"labelme",
         "a.json",
         R"({"imagePath":"a","shapes":[{"label":"x"},)"
         R"({"label":"y","points":[[1,2],[3,4],[5,6]]},{"points":[[1,2],[3,4],[5,6]]}]})",
         {": shapes[0]", ": shapes[2]"},
         1},
        {"coco",
         "a.json",
         R"({"images":[{"id":1,"file_name":"a","width":9,"height":9}],"annotations":[{"image_id":2},)"
         R"({"image_id":1,"bbox":[1,2,3,4]}]})",
         {": annotations[0]"},
         1},
        {"csv", "a.csv", csv_content.c_str(), {":2: expected x,y", ":4: expected 8 fields"}, 1},
    };
    const test::TempDir folder;
    for (const Example& example : examples) {
        const std::string path = folder / example.name;
        core::write_file(path, std::string_view(example.content));
        std::size_t texts = 0;
        std::vector<std::string> problems;
        find(example.format)
            ->read(path, RecordSink([&](Record&& record) { texts += record.regions.size(); },
                                    [&](const Error& error) { problems.push_back(error.what()); }));
        EXPECT_EQ(texts, example.texts) << example.format;
        ASSERT_EQ(problems.size(), example.problems.size()) << example.format;
        for (std::size_t i = 0; i < problems.size(); ++i)
            EXPECT_TRUE(problems[i].starts_with(path + example.problems[i])) << problems[i];
    }
}

/// Whatever the damage, a reader either gives records or throws Error.
TEST(Formats, damaged_files_never_crash_a_reader) {
    const test::TempDir folder;
    std::mt19937 random(11);
    for (const Format* format : all()) {
        if (format->read == nullptr || !format->is_written()) continue;
        const std::string path = folder / format->file_name("x");
        std::vector<Record> records{RandomRecords(5).record(1), RandomRecords(6).record(2)};
        if (format->one_file()) {
            const auto writer = format->open(path, {});
            for (const Record& record : records) writer->add(record);
            writer->finish();
        } else {
            write_image_file(*format, path, records[0], {});
        }
        const std::string intact = read_text(path);
        int refused = 0;
        for (int round = 0; round < 300; ++round) {
            std::string damaged = intact.substr(0, random() % (intact.size() + 1));
            for (int i = 0; i < 3 && !damaged.empty(); ++i)
                damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
            std::ofstream(path, std::ios::binary) << damaged;
            try {
                read_all(*format, path);
            } catch (const Error&) {
                ++refused;
            }
        }
        EXPECT_GT(refused, 0) << format->name;
    }
}

TEST(Formats, missing_files_are_an_io_error) {
    for (const Format* format : all()) {
        if (format->read == nullptr) continue;
        try {
            read_all(*format, "/nowhere/at/all");
            ADD_FAILURE() << format->name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io);
        }
    }
}

}  // namespace
}  // namespace dbnet::formats
