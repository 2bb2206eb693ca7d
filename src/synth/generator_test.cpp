#include "synth/generator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include <dbnet/error.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "data/sample.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"
#include "support/temp_dir.hpp"
#include "synth/colour.hpp"

namespace dbnet::synth {
namespace {

SynthOptions small_options() {
    SynthOptions options;
    options.size = {320, 256};
    options.count = 100;
    options.seed = 7;
    return options;
}

std::string message_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

bool same(const data::Picture& a, const data::Picture& b) {
    const std::size_t row = 3 * static_cast<std::size_t>(a.image.width());
    for (int y = 0; y < a.image.height(); ++y)
        if (!std::equal(a.image.row(y), a.image.row(y) + row, b.image.row(y))) return false;
    return std::ranges::equal(a.regions, b.regions, [](const auto& r, const auto& s) {
        return r.polygon == s.polygon && r.text == s.text && r.ignore == s.ignore;
    });
}

/// Photographs of one colour with a red rectangle each, which is annotated as the text "red".
void write_photographs(const test::TempDir& folder, int count) {
    std::filesystem::create_directories(folder / "images");
    std::filesystem::create_directories(folder / "gts");
    for (int i = 0; i < count; ++i) {
        Image image(420, 330);
        const int left = 30 + 40 * i;
        for (int y = 0; y < 330; ++y)
            for (int x = 0; x < 420; ++x) {
                std::uint8_t* const pixel = image.row(y) + 3 * x;
                const bool red = x >= left && x < left + 120 && y >= 100 && y < 160;
                pixel[0] = red ? 220 : 120, pixel[1] = red ? 10 : 125, pixel[2] = red ? 10 : 130;
            }
        const std::string name = "img_" + std::to_string(i);
        image.write(folder / ("images/" + name + ".png"));
        core::write_file(folder / ("gts/gt_" + name + ".txt"),
                         core::concat(left, ",100,", left + 120, ",100,", left + 120, ",160,", left,
                                      ",160,red\n"));
    }
}

SynthOptions on_photographs(const test::TempDir& folder) {
    SynthOptions options = small_options();
    data::DatasetSpec photographs;
    photographs.format = "icdar";
    photographs.images = folder / "images";
    options.backgrounds = photographs;
    return options;
}

TEST(Generator, a_picture_depends_on_seed_and_number_alone) {
    const test::TempDir folder;
    write_photographs(folder, 3);
    const SynthOptions options = on_photographs(folder);
    const Generator one(options);
    std::vector<data::Picture> serial;
    for (std::uint64_t i = 0; i < 24; ++i) serial.push_back(one.make(i));

    const Generator other(options);
    std::vector<data::Picture> parallel(serial.size());
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = serial.size(); i-- > 0;)
                if (i % 4 == t) parallel[i] = other.make(i);
        });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < serial.size(); ++i) EXPECT_TRUE(same(serial[i], parallel[i])) << i;

    SynthOptions reseeded = options;
    reseeded.seed = 8;
    EXPECT_FALSE(same(serial[0], Generator(reseeded).make(0)));
    EXPECT_FALSE(same(serial[0], serial[1]));
}

TEST(Generator, texts_lie_inside_the_picture_and_do_not_overlap) {
    SynthOptions options = small_options();
    options.curved = 0.5;
    const Generator generator(options);
    std::size_t texts = 0;
    std::size_t bent = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const data::Picture picture = generator.make(i);
        texts += picture.regions.size();
        for (std::size_t a = 0; a < picture.regions.size(); ++a) {
            const Polygon& polygon = picture.regions[a].polygon;
            EXPECT_FALSE(picture.regions[a].text.empty());
            EXPECT_GT(geometry::signed_area(polygon), 0);
            if (polygon.size() > 4) ++bent;
            const Rect box = geometry::bounding_rect(polygon);
            EXPECT_TRUE(box.x >= 0 && box.y >= 0 && box.x + box.width <= 320 &&
                        box.y + box.height <= 256);
            for (std::size_t b = 0; b < a; ++b)
                EXPECT_LT(geometry::intersection_area(polygon, picture.regions[b].polygon), 0.1)
                    << i << ": " << picture.regions[a].text << ", " << picture.regions[b].text;
        }
    }
    EXPECT_GT(texts, 200u);
    EXPECT_GT(bent, 10u);
}

/// Brightness of the pixels inside a polygon, sorted.
std::vector<double> brightness_inside(const Image& image, const Polygon& polygon) {
    std::vector<double> values;
    const Rect box = geometry::bounding_rect(polygon);
    for (int y = static_cast<int>(box.y); y < box.y + box.height; ++y)
        for (int x = static_cast<int>(box.x); x < box.x + box.width; ++x)
            if (geometry::contains(polygon, {x + 0.5, y + 0.5})) {
                const std::uint8_t* const rgb = image.row(y) + 3 * x;
                values.push_back(brightness({rgb[0], rgb[1], rgb[2]}));
            }
    std::ranges::sort(values);
    return values;
}

TEST(Generator, text_stands_out) {
    SynthOptions options = small_options();
    options.camera = {false, false};
    const Generator generator(options);
    int seen = 0;
    int faint = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const data::Picture picture = generator.make(i);
        for (const formats::RecordRegion& region : picture.regions) {
            if (region.ignore) continue;
            const std::vector<double> values = brightness_inside(picture.image, region.polygon);
            if (values.size() < 20) continue;
            ++seen;
            const double range = values[values.size() * 97 / 100] - values[values.size() * 3 / 100];
            if (range < 20) ++faint;
        }
    }
    EXPECT_GT(seen, 100);
    EXPECT_LT(faint, seen / 20) << faint << " of " << seen;
}

TEST(Generator, annotated_text_of_photographs_is_kept_and_left_alone) {
    const test::TempDir folder;
    write_photographs(folder, 3);
    SynthOptions options = on_photographs(folder);
    options.camera = {false, false};
    const Generator generator(options);
    int whole = 0;
    int cut = 0;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const data::Picture picture = generator.make(i);
        for (const formats::RecordRegion& region : picture.regions) {
            if (region.text != "red") continue;
            ++(region.ignore ? cut : whole);
            std::size_t red = 0;
            std::size_t pixels = 0;
            const Rect box = geometry::bounding_rect(region.polygon);
            for (int y = static_cast<int>(box.y) + 2; y < box.y + box.height - 2; ++y)
                for (int x = static_cast<int>(box.x) + 2; x < box.x + box.width - 2; ++x, ++pixels)
                    if (picture.image.row(y)[3 * x] > 4 * picture.image.row(y)[3 * x + 1]) ++red;
            EXPECT_GE(red, pixels * 98 / 100) << "something is drawn over it";
            for (const formats::RecordRegion& other : picture.regions) {
                if (&other == &region) continue;
                EXPECT_LT(geometry::intersection_area(region.polygon, other.polygon), 0.1);
            }
        }
    }
    EXPECT_GT(whole, 10);
    EXPECT_GT(cut, 2);
}

TEST(Generator, low_text_is_ignored) {
    SynthOptions options = small_options();
    options.min_height = 40;
    const Generator generator(options);
    for (std::uint64_t i = 0; i < 20; ++i)
        for (const formats::RecordRegion& region : generator.make(i).regions) {
            const Polygon& p = region.polygon;
            const double height = (std::hypot(p.front().x - p.back().x, p.front().y - p.back().y) +
                                   std::hypot(p[p.size() / 2].x - p[p.size() / 2 - 1].x,
                                              p[p.size() / 2].y - p[p.size() / 2 - 1].y)) /
                                  2;
            EXPECT_TRUE(region.ignore || height >= 40) << region.text;
        }
}

TEST(Generator, labels_lines_on_request) {
    SynthOptions options = small_options();
    const Generator words(options);
    options.unit = Unit::line;
    const Generator lines(options);
    std::size_t longer = 0;
    for (std::uint64_t i = 0; i < 20; ++i) {
        const data::Picture a = words.make(i);
        const data::Picture b = lines.make(i);
        EXPECT_LE(b.regions.size(), a.regions.size());
        for (const formats::RecordRegion& region : b.regions)
            longer += region.text.find(' ') != std::string::npos ? 1u : 0u;
    }
    EXPECT_GT(longer, 10u);
}

TEST(Generator, writes_what_the_file_says) {
    const test::TempDir folder;
    core::write_file(folder / "words.txt", "\u0416\u0443\u043a\n\u03a9mega\nplain\n");
    SynthOptions options = small_options();
    options.words = folder / "words.txt";
    const Generator generator(options);
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < 30; ++i)
        for (const formats::RecordRegion& region : generator.make(i).regions)
            seen.insert(region.text);
    EXPECT_EQ(seen, (std::set<std::string>{"\u0416\u0443\u043a", "\u03a9mega", "plain"}));
}

TEST(Generator, feeds_samples_without_files) {
    data::DatasetSpec spec;
    spec.images = "synthetic";
    spec.source = std::make_shared<Generator>(small_options());
    const data::Dataset dataset(spec);
    ASSERT_EQ(dataset.images().size(), 100u);
    data::SampleOptions options;
    options.augment.size = {160, 160};
    const data::Sample sample =
        data::make_sample(spec, dataset.images()[5], options, core::Random(1));
    EXPECT_EQ(sample.picture.width(), 160);
    EXPECT_FALSE(sample.labels.empty());
}

TEST(Generator, says_what_is_wrong) {
    const test::TempDir folder;
    SynthOptions options = small_options();
    options.size = {8, 256};
    EXPECT_NE(message_of([&] { Generator{options}; }).find("width is 8, expected 64 to 4096"),
              std::string::npos);
    options = small_options();
    options.curved = std::nan("");
    EXPECT_NE(message_of([&] { Generator{options}; }).find("curved"), std::string::npos);
    options = small_options();
    options.words = folder / "words.txt";
    core::write_file(options.words, "\U000EFFFE\n");
    EXPECT_NE(message_of([&] { Generator{options}; }).find("fonts has the letters of"),
              std::string::npos);
    options = small_options();
    options.fonts = folder / "nowhere";
    EXPECT_NE(message_of([&] { Generator{options}; }).find("nowhere: cannot read"),
              std::string::npos);
    options = small_options();
    options.backgrounds.emplace();
    options.backgrounds->format = "icdar";
    options.backgrounds->images = folder / "no_images";
    EXPECT_NE(message_of([&] { Generator{options}; }).find("no_gts"), std::string::npos);
}

TEST(Generator, a_photograph_that_cannot_be_read_is_named) {
    const test::TempDir folder;
    write_photographs(folder, 1);
    core::write_file(folder / "images/img_0.png", "broken");
    const Generator generator(on_photographs(folder));
    std::string message;
    for (std::uint64_t i = 0; i < 10; ++i)
        if (std::string text = message_of([&] { generator.make(i); }); text != "no error")
            message = text;
    EXPECT_NE(message.find("img_0.png"), std::string::npos);
}

}  // namespace
}  // namespace dbnet::synth
