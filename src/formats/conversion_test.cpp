// Whatever two formats can both say is the same after writing in one, reading, writing in the other
// and reading again.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "formats/formats.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::formats {
namespace {

/// What the fields of a record mean to a format, beyond Format::holds.
bool keeps_names(const Format& format) { return format.one_file() || format.name == "json"; }
bool has_lines(const Format& format) { return format.name == "icdar" || format.name == "ctw1500"; }
bool keeps_polygons(const Format& format) { return format.name != "icdar"; }

/// Words that need quotes, escapes, or look like something else.
const std::vector<std::string> kWords = {"",
                                         "plain",
                                         "a,b",
                                         "8,50",
                                         "1,968",
                                         "04",
                                         "say \"hi\"",
                                         "JOE'S",
                                         "both ' and \"",
                                         "<&>",
                                         "caf\u00e9 \u6587\u5b57",
                                         "back\\slash",
                                         "two  spaces",
                                         " before",
                                         "after ",
                                         "tab\there",
                                         "####x",
                                         "CARE",
                                         "[06]",
                                         "{\"a\": 1}",
                                         "u'x'",
                                         "a;b|c",
                                         "%41",
                                         "-70%",
                                         "text:",
                                         "\u0627\u0644"};
const std::vector<std::string> kNames = {"a.jpg",    "b c.png",    "d,e.jpg",
                                         "it's.png", "\u00fc.jpg", "sub/dir/f.jpg",
                                         "x;y.jpg",  "100%.jpg",   "\"q\".jpg"};

class Random {
public:
    explicit Random(unsigned seed) : random_(seed) {}

    std::vector<Record> records(const Format& a, const Format& b) {
        std::vector<Record> records;
        for (const std::string& name : kNames) {
            Record record{name, 1280, 720};
            const auto texts = records.size() % 3 == 2 ? 0 : below(5);  // some are empty
            for (std::size_t i = 0; i < texts; ++i) record.regions.push_back(region(a, b));
            records.push_back(std::move(record));
        }
        return records;
    }

private:
    std::size_t below(std::size_t count) { return random_() % count; }

    Point point() { return {static_cast<double>(below(1200)), static_cast<double>(below(700))}; }

    RecordRegion region(const Format& a, const Format& b) {
        const bool quads = !keeps_polygons(a) || !keeps_polygons(b);
        const bool fourteen = a.name == "ctw1500" || b.name == "ctw1500";
        RecordRegion region;
        const std::size_t points = quads ? 4 : fourteen ? 14 : 3 + below(10);
        for (std::size_t i = 0; i < points; ++i) region.polygon.push_back(point());
        if (quads) {
            region.quad.emplace();
            std::copy(region.polygon.begin(), region.polygon.end(), region.quad->begin());
        }
        region.ignore = a.holds.illegible && b.holds.illegible && below(4) == 0;
        if (a.holds.words && b.holds.words && !region.ignore)
            region.text = kWords[below(kWords.size())];
        const bool lines = has_lines(a) || has_lines(b);
        if (!lines && !region.text.empty() && below(4) == 0) region.text += "\nnext line";
        return region;
    }

    std::mt19937 random_;
};

std::vector<Record> written_and_read(const Format& format, const std::vector<Record>& records) {
    const test::TempDir folder;
    const WriteOptions options{.annotations = true};
    std::vector<Record> back;
    if (format.one_file()) {
        const std::string path = folder / format.label_name("labels");
        const auto writer = format.open(path, options);
        for (const Record& record : records) writer->add(record);
        writer->finish();
        back = read_all(format, path);
        for (std::size_t i = 0; i < back.size(); ++i) {
            back[i].width = records[i].width;
            back[i].height = records[i].height;
        }
        return back;
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        const std::string path = folder / format.label_name(std::to_string(i));
        write_image_file(format, path, records[i], options);
        for (Record& record : read_all(format, path)) {
            // What the data set knows: the image is told by the label file's name.
            record.width = records[i].width;
            record.height = records[i].height;
            if (!keeps_names(format)) record.image = records[i].image;
            if (record.relative)
                for (RecordRegion& region : record.regions)
                    for (Point& p : region.polygon) p = {p.x * record.width, p.y * record.height};
            record.relative = false;
            back.push_back(std::move(record));
        }
    }
    return back;
}

TEST(Conversion, of_every_pair_keeps_what_both_can_say) {
    for (const Format* a : all())
        for (const Format* b : all()) {
            if (!a->is_written() || !b->is_written() || !a->read || !b->read) continue;
            SCOPED_TRACE(std::string(a->name) + " to " + std::string(b->name));
            Random random(7);
            // ctw1500 divides the outline of a quad: its points come back, and others between them.
            const bool divided = (a->name == "ctw1500" || b->name == "ctw1500") &&
                                 (!keeps_polygons(*a) || !keeps_polygons(*b));
            const std::vector<Record> original = random.records(*a, *b);
            std::vector<Record> middle = written_and_read(*a, original);
            for (Record& record : middle)
                for (RecordRegion& region : record.regions) region.quad.reset();
            const std::vector<Record> back = written_and_read(*b, middle);
            ASSERT_EQ(back.size(), original.size());
            for (std::size_t i = 0; i < back.size(); ++i) {
                if (keeps_names(*a) && keeps_names(*b)) {
                    EXPECT_EQ(back[i].image, original[i].image);
                }
                ASSERT_EQ(back[i].regions.size(), original[i].regions.size());
                for (std::size_t j = 0; j < back[i].regions.size(); ++j) {
                    const RecordRegion& in = original[i].regions[j];
                    const RecordRegion& out = back[i].regions[j];
                    EXPECT_EQ(out.ignore, in.ignore);
                    if (!in.ignore) {
                        EXPECT_EQ(out.text, in.text);
                    }
                    if (divided && b->name == "icdar") {  // the rectangle around it
                        EXPECT_EQ(out.polygon.size(), 4u);
                        continue;
                    }
                    if (divided) {
                        for (const Point& p : in.polygon)
                            EXPECT_TRUE(std::ranges::any_of(out.polygon, [&](const Point& q) {
                                return std::abs(p.x - q.x) <= 1 && std::abs(p.y - q.y) <= 1;
                            }));
                        continue;
                    }
                    ASSERT_EQ(out.polygon.size(), in.polygon.size());
                    for (std::size_t k = 0; k < in.polygon.size(); ++k) {
                        EXPECT_NEAR(out.polygon[k].x, in.polygon[k].x, 0.01);
                        EXPECT_NEAR(out.polygon[k].y, in.polygon[k].y, 0.01);
                    }
                }
            }
        }
}

TEST(Conversion, empty_files_are_images_without_text) {
    for (const Format* format : all()) {
        if (!format->is_written() || !format->read) continue;
        const std::vector<Record> back = written_and_read(*format, {Record{"a.jpg", 100, 60}});
        ASSERT_EQ(back.size(), 1u) << format->name;
        EXPECT_TRUE(back[0].regions.empty());
    }
}

}  // namespace
}  // namespace dbnet::formats
