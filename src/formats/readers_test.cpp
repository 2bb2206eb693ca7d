// What label files of data sets and tools are read as.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "formats/document.hpp"
#include "formats/formats.hpp"
#include "formats/packed.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"
#include "support/label_examples.hpp"
#include "support/mat_file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::formats {
namespace {

using test::LabelExample;
using testing::ElementsAre;
using testing::HasSubstr;

Input in_memory(const std::string& name, const std::string& content) {
    return {name,
            std::make_shared<const std::vector<std::uint8_t>>(content.begin(), content.end())};
}

void expect_same(const std::vector<Record>& read, const std::vector<Record>& expected,
                 const std::string& what) {
    SCOPED_TRACE(what);
    ASSERT_EQ(read.size(), expected.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].image, expected[i].image);
        EXPECT_EQ(read[i].width, expected[i].width);
        EXPECT_EQ(read[i].height, expected[i].height);
        EXPECT_EQ(read[i].relative, expected[i].relative);
        ASSERT_EQ(read[i].regions.size(), expected[i].regions.size()) << read[i].image;
        for (std::size_t j = 0; j < read[i].regions.size(); ++j) {
            const RecordRegion& in = read[i].regions[j];
            const RecordRegion& out = expected[i].regions[j];
            EXPECT_EQ(in.text, out.text);
            EXPECT_EQ(in.ignore, out.ignore) << in.text;
            ASSERT_EQ(in.polygon.size(), out.polygon.size());
            for (std::size_t k = 0; k < in.polygon.size(); ++k) {
                EXPECT_NEAR(in.polygon[k].x, out.polygon[k].x, 1e-9);
                EXPECT_NEAR(in.polygon[k].y, out.polygon[k].y, 1e-9);
            }
        }
    }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

/// UTF-16 with its byte order mark, of characters below U+0800.
std::string utf16(const std::string& text, bool big_endian) {
    std::string result = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned unit = static_cast<unsigned char>(text[i]);
        if (unit >= 0xC0)
            unit = (unit & 0x1F) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F);
        const char low = static_cast<char>(unit & 0xFF);
        const char high = static_cast<char>(unit >> 8);
        result += big_endian ? high : low;
        result += big_endian ? low : high;
    }
    return result;
}

bool has_lines(const LabelExample& example) {
    return (example.file.ends_with(".txt") && !example.content.starts_with('{')) ||
           example.file.ends_with(".gt");
}

TEST(Readers, read_every_example) {
    const test::TempDir folder;
    for (const LabelExample& example : test::label_examples()) {
        const std::string path = folder / example.file;
        core::write_file(path, std::string_view(example.content));
        expect_same(read_all(*find(example.format), path), example.records, example.format);
        expect_same(read_all(*find(example.format), in_memory(path, example.content)),
                    example.records, example.format + " in memory");
    }
}

TEST(Readers, take_every_line_end_and_encoding) {
    for (const LabelExample& example : test::label_examples()) {
        if (!has_lines(example)) continue;
        const Format& format = *find(example.format);
        std::string lines = replaced(example.content, "\r\n", "\n");
        if (lines.starts_with("\xEF\xBB\xBF")) lines.erase(0, 3);
        for (const char* end : {"\n", "\r\n", "\r"}) {
            const std::string content = replaced(lines, "\n", end);
            expect_same(read_all(format, in_memory(example.file, content)), example.records,
                        example.format);
            expect_same(read_all(format, in_memory(example.file, "\xEF\xBB\xBF" + content)),
                        example.records, example.format + " with a mark");
            for (const bool big_endian : {false, true})
                expect_same(read_all(format, in_memory(example.file, utf16(content, big_endian))),
                            example.records, example.format + " in UTF-16");
        }
    }
}

TEST(Readers, are_recognised_by_their_files) {
    for (const LabelExample& example : test::label_examples()) {
        if (!example.recognised) continue;
        const Recognised found = recognise({in_memory(example.file, example.content)});
        ASSERT_NE(found.format, nullptr) << example.format << " " << example.file;
        EXPECT_EQ(found.format->name, example.format) << example.file << ": " << found.why;
        EXPECT_FALSE(found.why.empty());
    }
    EXPECT_EQ(recognise({in_memory("a.txt", "")}).format, find("icdar"));
    EXPECT_EQ(recognise({in_memory("a.txt", "Dear sir,\nno labels here\n")}).format, nullptr);
    EXPECT_EQ(recognise({in_memory("a.json", "{\"a\": 1}")}).format, nullptr);
}

TEST(Readers, every_format_has_an_example) {
    std::set<std::string> formats{"mhliao"};  // its files name others: data/listing_test.cpp
    for (const LabelExample& example : test::label_examples()) formats.insert(example.format);
    for (const Format* format : all())
        if (format->read != nullptr) {
            EXPECT_TRUE(formats.contains(std::string(format->name))) << format->name;
        }
}

/// Whatever the damage, a reader gives records or throws Error; what it gives can be used.
TEST(Readers, damaged_files_never_crash) {
    std::mt19937 random(11);
    for (const LabelExample& example : test::label_examples()) {
        const Format& format = *find(example.format);
        for (int round = 0; round < 200; ++round) {
            std::string damaged = example.content.substr(
                0, round % 3 == 0 ? random() % example.content.size() : example.content.size());
            for (int i = 0; i < 3 && !damaged.empty(); ++i)
                damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
            const auto take = [](Record&& record) {
                for (const RecordRegion& region : record.regions)
                    EXPECT_GE(region.polygon.size(), 3u);
            };
            try {
                format.read(in_memory(example.file, damaged),
                            RecordSink(take, [](const Error&) {}));
            } catch (const Error& error) {
                EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
            }
            recognise({in_memory(example.file, damaged)});
        }
    }
}

struct Lost {
    const char* format;
    const char* file;
    const char* content;
    std::vector<std::string> problems;  ///< parts of what is said
    std::size_t texts;
    std::vector<std::string> ignored;
};

TEST(Readers, tell_what_they_leave_out) {
    const Lost cases[] = {
        {"icdar",
         "gt_a.txt",
         "1,2,30,2,30,9,1,9,x\n1,2,30,2,30,9,1,9,5,6,7,4,3,2\n1,2,3,4,word\n",
         {"a.txt:2: has 14 numbers", "a.txt:3: expected x1"},
         1,
         {}},
        {"icdar-polygon",
         "a.txt",
         "39,292,###\n1,2,30,2,30,9,w\n",
         {"a.txt:1: expected x,y"},
         1,
         {}},
        {"totaltext",
         "a.txt",
         "x: [[1]], y: [[2]], ornt: [u'h'], transcriptions: [u'a']\n"
         "x: [[1 9 9]], y: [[2 2 8]], ornt: [u'h'], transcriptions: [u'b']\n",
         {"a.txt:1: has 1 x and 1 y"},
         1,
         {}},
        {"lsvt",
         "a.json",
         R"({"gt_1": [{"transcription": "weak"}], "gt_2": 7})",
         {"gt_1[0]: has no \"points\"", "gt_2: expected an array"},
         0,
         {}},
        {"labelme",
         "a.json",
         R"({"imagePath": "a", "shapes": [{"label": "c", "shape_type": "circle", "points": [[1,2]]},)"
         R"( {"label": "m", "shape_type": "mask", "points": [[1,2],[3,4]]}]})",
         {},
         0,
         {"a shape of the type circle", "a shape of the type mask"}},
        {"via",
         "a.json",
         R"({"a": {"filename": "a", "regions": [{"shape_attributes": {"name": "polyline"}},)"
         R"( {"shape_attributes": {"name": "polygon", "all_points_x": [1]}}]}})",
         {"all_points_y"},
         0,
         {"a shape of the type polyline"}},
        {"cvat",
         "a.xml",
         "<annotations><image name=\"a\">\n<ellipse/>\n<box xtl=\"1\"/></image></annotations>",
         {"a.xml:3: <box> has no attribute ytl"},
         0,
         {"a shape of the type ellipse"}},
        {"voc",
         "a.xml",
         "<annotation><object><name>x</name></object></annotation>",
         {"a.xml:1: <object> has no <bndbox>"},
         0,
         {}},
        {"coco",
         "a.json",
         R"({"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 1,)"
         R"( "segmentation": {"counts": "x"}, "bbox": [1,2,3,4]}, {"image_id": 2, "bbox": [1,2,3,4]}]})",
         {"1 texts have the \"image_id\" 2"},
         1,
         {"a mask: its box is taken"}},
        {"labelstudio",
         "a.json",
         R"([{"data": {"image": "a"}, "annotations": [{"result": [{"type": "brushlabels",)"
         R"( "value": {"rle": []}}]}]}, {"data": {}}])",
         {"[1].data: names no image"},
         0,
         {"a result of the type brushlabels"}},
        {"yolo",
         "a.txt",
         "0 0.1 0.2\n0 a b c d\n0 .5 .5 .2 -.2\n0 .5 .5 .2 .2\n",
         {"a.txt:1: expected a class", "a.txt:2: 'c'", "a.txt:3: the box"},
         1,
         {}},
        {"dota", "a.txt", "1 2 3 4 ship 0\n", {"a.txt:1: expected x1 y1"}, 0, {}},
    };
    for (const Lost& lost : cases) {
        SCOPED_TRACE(lost.format);
        std::vector<std::string> problems;
        std::vector<std::string> ignored;
        std::size_t texts = 0;
        find(lost.format)
            ->read(in_memory(lost.file, lost.content),
                   RecordSink([&](Record&& record) { texts += record.regions.size(); },
                              [&](const Error& error) { problems.push_back(error.what()); },
                              [&](std::string_view what) { ignored.emplace_back(what); }));
        EXPECT_EQ(texts, lost.texts);
        EXPECT_EQ(ignored, lost.ignored);
        ASSERT_EQ(problems.size(), lost.problems.size()) << testing::PrintToString(problems);
        for (std::size_t i = 0; i < problems.size(); ++i)
            EXPECT_THAT(problems[i], HasSubstr(lost.problems[i]));
    }
}

/// How an error of reading ends.
ErrorCode code_of(const std::string& format, const std::string& file, const std::string& content) {
    try {
        find(format)->read(in_memory(file, content),
                           RecordSink([](Record&&) {}, [](const Error&) {}));
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::internal;  // no error
}

TEST(Readers, refuse_what_is_too_large) {
    std::string numbers = "[0";
    for (std::size_t i = 0; i < kMostJsonValues; ++i) numbers += ",0";
    EXPECT_EQ(code_of("hiertext", "a.json", "{\"annotations\": [" + numbers + "]]}"),
              ErrorCode::too_large);
    // The same beside what is wanted is passed over.
    EXPECT_EQ(code_of("hiertext", "a.json", "{\"info\": " + numbers + "], \"annotations\": []}"),
              ErrorCode::internal);
    std::string lines;
    for (std::size_t i = 0; i <= RecordSink::kMostTexts; ++i) lines += "0 0 0 1 1\n";
    EXPECT_EQ(code_of("yolo", "a.txt", lines), ErrorCode::too_large);
    lines.clear();
    for (std::size_t i = 0; i <= RecordSink::kMostProblems; ++i) lines += "x\n";
    EXPECT_EQ(code_of("icdar", "a.txt", lines), ErrorCode::too_large);
    std::string elements = "<annotations><image name=\"a\">";
    for (int i = 0; i < 400'000; ++i) elements += "<a/>";
    EXPECT_EQ(code_of("cvat", "a.xml", elements + "</image></annotations>"), ErrorCode::too_large);
    EXPECT_EQ(
        code_of("voc", "a.xml", "<!DOCTYPE a [<!ENTITY x \"y\">]><annotation>&x;</annotation>"),
        ErrorCode::malformed);
}

TEST(Readers, refuse_other_versions_of_matlab_files) {
    std::string later = "MATLAB 7.3 MAT-file";
    later.resize(600, ' ');
    EXPECT_EQ(code_of("synthtext", "gt.mat", later), ErrorCode::unsupported);
    EXPECT_EQ(code_of("synthtext", "gt.mat", "MATLAB 5.0"), ErrorCode::malformed);
    const std::string other = test::mat_file({{"x", {1, 1}, {test::MatCell::of("a")}}}, true);
    EXPECT_EQ(code_of("synthtext", "gt.mat", other), ErrorCode::malformed);
}

TEST(Readers, illegible_text_has_many_names) {
    for (const char* mark : {"###", "####", " ### ", "*", "Do not care", "don't care", "DONTCARE"})
        EXPECT_TRUE(is_illegible(mark)) << mark;
    for (const char* word : {"", "#", "##", "#1", "**", "care", "###a", "text"})
        EXPECT_FALSE(is_illegible(word)) << word;
}

TEST(PackedRegions, keep_everything) {
    RecordRegion region;
    region.polygon = {{1, 2}, {3.5, 4}, {0.1, 1e9}};
    region.text = "a\nb";
    region.line = 300;
    region.ignore = true;
    RecordRegion full = region;
    full.polygon = {{1, 2}, {3.5, 4}, {5, 6}, {7, 8}};
    full.quad = Quad{{{1, 2}, {3, 4}, {5, 6}, {7, 8.25}}};
    full.rect = Rect{0.1, 2, 3, 4};
    full.score = 0.3f;
    full.text.clear();
    const std::vector<RecordRegion> back = PackedRegions({region, full}).unpack();
    ASSERT_EQ(back.size(), 2u);
    EXPECT_EQ(back[0].polygon, region.polygon);
    EXPECT_EQ(back[0].text, region.text);
    EXPECT_EQ(back[0].line, 300u);
    EXPECT_TRUE(back[0].ignore);
    EXPECT_FALSE(back[0].quad || back[0].rect || back[0].score);
    EXPECT_EQ(back[1].polygon, full.polygon);
    EXPECT_EQ(*back[1].quad, *full.quad);
    EXPECT_EQ(*back[1].rect, *full.rect);
    EXPECT_EQ(back[1].score, full.score);
}

/// The row of a format in the table of docs/formats.md.
std::string row_of(const Format& format) {
    std::string files;
    for (const std::string_view extension : format.labels.extensions) {
        if (extension.empty()) continue;
        if (!files.empty()) files += ", ";
        if (format.has_common_labels())
            files.append("one `*").append(extension).append("`");
        else
            files.append("`")
                .append(format.labels.prefixes[0])
                .append("NAME")
                .append(extension)
                .append("`");
    }
    const auto yes = [](bool holds) { return holds ? "yes" : "no"; };
    return std::string("| `")
        .append(format.name)
        .append("` | ")
        .append(format.used_by)
        .append(" | ")
        .append(files)
        .append(" | ")
        .append(yes(format.holds.words))
        .append(" | ")
        .append(yes(format.holds.sizes))
        .append(" | ")
        .append(format.illegible)
        .append(" | ")
        .append(yes(format.is_written()))
        .append(" |\n");
}

TEST(Readers, the_manual_has_the_table) {
    std::string table =
        "| format | of | files | words | sizes | illegible text | written |\n"
        "|---|---|---|---|---|---|---|\n";
    for (const Format* format : all())
        if (format->read != nullptr) table += row_of(*format);
    std::ifstream file(DBNET_FORMATS_PAGE, std::ios::binary);
    const std::string page((std::istreambuf_iterator<char>(file)), {});
    EXPECT_NE(page.find(table), std::string::npos) << "docs/formats.md has to have\n" << table;
}

}  // namespace
}  // namespace dbnet::formats
