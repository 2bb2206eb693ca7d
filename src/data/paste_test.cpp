#include "data/paste.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

constexpr Size kSample{200, 160};

Image grey(Size size, std::uint8_t value) {
    Image image(size.width, size.height);
    std::fill_n(image.row(0), std::ptrdiff_t{3} * size.width * size.height, value);
    return image;
}

Polygon box(double x, double y, double w, double h) {
    return {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}};
}

/// Two bright words; one that is ignored, one that has no margin, and one without area.
WordSource source() {
    Image image = grey({300, 200}, 100);
    for (int y = 50; y < 80; ++y) std::fill_n(image.row(y) + 3 * 40, 3 * 90, std::uint8_t{250});
    for (int y = 120; y < 140; ++y) std::fill_n(image.row(y) + 3 * 150, 3 * 50, std::uint8_t{250});
    return {std::make_shared<const Image>(std::move(image)),
            {{box(40, 50, 90, 30)},
             {box(150, 120, 50, 20)},
             {box(10, 150, 80, 20), true},
             {box(0, 0, 50, 30)},
             {{{5, 5}, {6, 6}}}},
            {300, 200}};
}

TEST(Paste, words_lie_where_their_labels_say_and_no_text_was) {
    const WordSource words = source();
    const std::vector<TextLabel> own{{box(60, 60, 60, 30)}, {box(10, 120, 40, 20), true}};
    AugmentOptions options;
    options.scale_low = 0.6;
    options.scale_high = 1.5;
    options.rotation = 20;
    int pasted = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Image sample = grey(kSample, 50);
        std::vector<TextLabel> labels = own;
        core::Random random(seed);
        paste_words(words, 3, {180, 150}, options, random, sample, labels);
        ASSERT_GE(labels.size(), own.size());
        pasted += static_cast<int>(labels.size() - own.size());
        for (std::size_t i = 0; i < labels.size(); ++i)
            for (std::size_t j = own.size(); j < labels.size(); ++j)
                if (i != j) {
                    EXPECT_EQ(geometry::intersection_area(labels[i].polygon, labels[j].polygon), 0);
                }
        for (std::size_t i = own.size(); i < labels.size(); ++i) {
            EXPECT_FALSE(labels[i].ignore);
            EXPECT_GT(geometry::signed_area(labels[i].polygon), 0);
            const Rect around = geometry::bounding_rect(labels[i].polygon);
            EXPECT_GE(std::min(around.x, around.y), 0);
            EXPECT_LE(around.x + around.width, 180);
            EXPECT_LE(around.y + around.height, 150);
        }
        // Bright inside a pasted outline, as it was away from all of them, nothing but that.
        for (int y = 0; y < kSample.height; ++y)
            for (int x = 0; x < kSample.width; ++x) {
                const Point pixel{x + 0.5, y + 0.5};
                const Polygon near = box(x - 2.0, y - 2.0, 5, 5);
                double largest = 0;
                for (std::size_t i = own.size(); i < labels.size(); ++i)
                    largest = std::max(largest,
                                       geometry::intersection_area(labels[i].polygon, near) / 25);
                const int value = sample.row(y)[3 * x];
                if (largest > 0.999) {
                    EXPECT_GT(value, 235) << seed << ' ' << x << ' ' << y;
                }
                for (const TextLabel& label : own)
                    if (geometry::contains(label.polygon, pixel)) {
                        EXPECT_EQ(value, 50);
                    }
                if (value > 110) {
                    EXPECT_GT(largest, 0) << "a word without a label";
                }
                if (x >= 180 || y >= 150) {
                    EXPECT_EQ(value, 50);
                }
            }
    }
    EXPECT_GT(pasted, 60);
}

TEST(Paste, nothing_happens_without_words_or_room) {
    const AugmentOptions options;
    Image sample = grey(kSample, 50);
    core::Random random(1);
    std::vector<TextLabel> labels{{box(0, 0, 200, 160), true}};
    paste_words(source(), 5, kSample, options, random, sample, labels);
    EXPECT_EQ(labels.size(), 1u);
    WordSource none = source();
    none.labels.clear();
    labels.clear();
    paste_words(none, 5, kSample, options, random, sample, labels);
    paste_words(source(), 5, {3, 3}, options, random, sample, labels);
    EXPECT_TRUE(labels.empty());
    EXPECT_EQ(*std::max_element(sample.row(0), sample.row(0) + 3 * 200 * 160), 50);
}

}  // namespace
}  // namespace dbnet::data
