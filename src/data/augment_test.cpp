#include "data/augment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <set>
#include <utility>

#include <dbnet/error.hpp>

#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

constexpr int kMargin = 5;  ///< pixels around a mark that belong to it, blurred as they are
constexpr int kMark = 12;   ///< half side of a painted mark
const std::vector<Point> kMarks = {{70, 60}, {250, 70}, {80, 180}, {240, 190}};

/// White squares around the marks, on black.
Image painted(int width, int height) {
    Image image(width, height);
    for (const Point& mark : kMarks)
        for (int y = static_cast<int>(mark.y) - kMark; y < mark.y + kMark; ++y)
            for (int x = static_cast<int>(mark.x) - kMark; x < mark.x + kMark; ++x)
                std::fill_n(image.row(y) + 3 * x, 3, std::uint8_t{255});
    return image;
}

Polygon square(Point centre, double half) {
    return {{centre.x - half, centre.y - half},
            {centre.x + half, centre.y - half},
            {centre.x + half, centre.y + half},
            {centre.x - half, centre.y + half}};
}

std::vector<TextLabel> mark_labels() {
    std::vector<TextLabel> labels;
    for (const Point& mark : kMarks) labels.push_back({square(mark, kMark)});
    return labels;
}

/// Mean position of the brightness around a point, and its amount in pixels.
struct Blob {
    Point centre;
    double mass;
};

Blob blob_near(const Image& image, const Rect& box) {
    Blob blob{};
    const int right = std::min(image.width(), static_cast<int>(box.x + box.width) + kMargin + 1);
    const int bottom = std::min(image.height(), static_cast<int>(box.y + box.height) + kMargin + 1);
    for (int y = std::max(0, static_cast<int>(box.y) - kMargin); y < bottom; ++y)
        for (int x = std::max(0, static_cast<int>(box.x) - kMargin); x < right; ++x) {
            const double value = image.row(y)[3 * x] / 255.0;
            blob.centre = {blob.centre.x + (x + 0.5) * value, blob.centre.y + (y + 0.5) * value};
            blob.mass += value;
        }
    blob.centre = {blob.centre.x / blob.mass, blob.centre.y / blob.mass};
    return blob;
}

Point centre_of(const Polygon& polygon) {
    Point sum;
    for (const Point& point : polygon) sum = {sum.x + point.x, sum.y + point.y};
    const auto count = static_cast<double>(polygon.size());
    return {sum.x / count, sum.y / count};
}

/// A geometry under which painted marks and their labels are compared.
struct Geometry {
    const char* name;
    void (*set)(AugmentOptions&);
};

void PrintTo(const Geometry& geometry, std::ostream* out) { *out << geometry.name; }

class Pixels : public testing::TestWithParam<Geometry> {};

TEST_P(Pixels, move_with_their_labels) {
    const Image image = painted(320, 240);
    AugmentOptions options;
    options.size = {288, 256};
    options.crop = Crop::window;
    options.scale_low = 0.7;
    options.scale_high = 2;
    GetParam().set(options);
    check(options);
    int compared = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        core::Random random(seed);
        const View view = draw_view({320, 240}, {360, 240}, mark_labels(), options, random);
        const Image sample = warp(image, view, options.size);
        for (const TextLabel& label : transform(mark_labels(), view)) {
            const Rect box = geometry::bounding_rect(label.polygon);
            EXPECT_GE(geometry::signed_area(label.polygon), 0);
            const bool inside = box.x > kMargin && box.y > kMargin &&
                                box.x + box.width < view.covered.width - kMargin &&
                                box.y + box.height < view.covered.height - kMargin;
            if (!inside || label.polygon.size() != 4) continue;
            const Blob blob = blob_near(sample, box);
            const double size = std::max(box.width, box.height);
            // The mean of the corners is not that of the area where lines converge.
            const double tolerance = view.place.is_affine() ? 0.2 : 0.2 + 0.04 * size;
            EXPECT_NEAR(blob.centre.x, centre_of(label.polygon).x, tolerance) << seed;
            EXPECT_NEAR(blob.centre.y, centre_of(label.polygon).y, tolerance) << seed;
            const double area = geometry::area(label.polygon);
            EXPECT_NEAR(blob.mass, area, 0.03 * area + 2) << seed;
            ++compared;
        }
    }
    EXPECT_GT(compared, 60);
}

INSTANTIATE_TEST_SUITE_P(
    Augment, Pixels,
    testing::Values(Geometry{"east", [](AugmentOptions& o) { o.crop = Crop::east; }},
                    Geometry{"window", [](AugmentOptions&) {}},
                    Geometry{"whole", [](AugmentOptions& o) { o.crop = Crop::whole; }},
                    Geometry{"quarter_turns", [](AugmentOptions& o) { o.quarter_turns = 1; }},
                    Geometry{"turn", [](AugmentOptions& o) { o.turn.share = 1; }},
                    Geometry{"stretch", [](AugmentOptions& o) { o.stretch.share = 1; }},
                    Geometry{"perspective",
                             [](AugmentOptions& o) {
                                 o.perspective = {1, 0.2, 0.2};
                             }},
                    Geometry{"everything",
                             [](AugmentOptions& o) {
                                 o.quarter_turns = o.turn.share = o.stretch.share = 0.7;
                                 o.perspective = {0.7, 0, 0.1};
                             }}),
    [](const auto& one) { return one.param.name; });

TEST(Augment, quarter_turns_show_the_whole_image) {
    AugmentOptions options;
    options.crop = Crop::whole;
    options.flip = options.rotation = 0;
    options.quarter_turns = 1;
    options.size = {100, 100};
    std::set<std::pair<int, int>> shapes;
    const TextLabel all{square({50, 50}, 50)};
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        core::Random random(seed);
        const View view = draw_view({100, 100}, {200, 100}, {}, options, random);
        shapes.insert({view.covered.width, view.covered.height});
        const Rect box = geometry::bounding_rect(transform({all}, view)[0].polygon);
        EXPECT_NEAR(box.width, view.covered.width, 1e-6);
        EXPECT_NEAR(box.height, view.covered.height, 1e-6);
    }
    EXPECT_EQ(shapes, (std::set<std::pair<int, int>>{{100, 50}, {50, 100}}));
}

TEST(Augment, geometry_reaches_its_ranges_and_not_beyond) {
    AugmentOptions options;
    options.crop = Crop::whole;
    options.flip = options.rotation = 0;
    options.size = {400, 400};
    options.stretch.share = 1;
    double narrowest = 10, widest = 0;
    std::vector<double> angles;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        core::Random random(seed);
        const View view = draw_view({300, 300}, {300, 300}, {}, options, random);
        const double aspect = view.place.xx / view.place.yy;
        narrowest = std::min(narrowest, aspect);
        widest = std::max(widest, aspect);
        AugmentOptions turning;
        turning.flip = 0;
        turning.turn = {0.5, 100, 170};
        const View turned = draw_view({300, 300}, {300, 300}, {}, turning, random);
        angles.push_back(std::atan2(turned.place.yx, turned.place.xx) * 57.29578);
    }
    EXPECT_GE(narrowest, 0.5);
    EXPECT_LT(narrowest, 0.52);
    EXPECT_LE(widest, 2);
    EXPECT_GT(widest, 1.92);
    const auto wide = std::ranges::count_if(angles, [](double a) { return a >= 100 && a <= 170; });
    const auto small = std::ranges::count_if(angles, [](double a) { return std::abs(a) <= 10; });
    EXPECT_EQ(wide + small, 300);
    EXPECT_NEAR(static_cast<double>(wide), 150, 40);
}

TEST(Augment, nothing_to_do_leaves_image_and_labels_alone) {
    const Image image = painted(320, 240);
    AugmentOptions options;
    options.size = {320, 240};
    options.flip = 0;
    options.rotation = 0;
    options.crop = Crop::whole;
    core::Random random(1);
    const View view = draw_view({320, 240}, {320, 240}, mark_labels(), options, random);
    const Image sample = warp(image, view, options.size);
    EXPECT_TRUE(std::equal(image.row(0), image.row(0) + 320 * 240 * 3, sample.row(0)));
    const std::vector<TextLabel> labels = transform(mark_labels(), view);
    ASSERT_EQ(labels.size(), kMarks.size());
    for (std::size_t i = 0; i < labels.size(); ++i)
        EXPECT_EQ(labels[i].polygon, mark_labels()[i].polygon);
}

TEST(Augment, what_the_image_does_not_cover_is_black) {
    Image image(100, 50);
    std::fill_n(image.row(0), 100 * 50 * 3, std::uint8_t{200});
    AugmentOptions options;
    options.size = {64, 64};
    options.rotation = 0;
    options.crop = Crop::whole;
    core::Random random(1);
    const View view = draw_view({100, 50}, {100, 50}, {}, options, random);
    EXPECT_EQ(view.covered, (Size{64, 32}));
    const Image sample = warp(image, view, options.size);
    EXPECT_EQ(sample.row(31)[3 * 20], 200);
    EXPECT_EQ(sample.row(32)[3 * 20], 0);
}

TEST(Augment, east_crops_cut_no_text_that_is_to_be_learnt) {
    AugmentOptions options;
    options.rotation = 0;
    std::vector<TextLabel> labels = mark_labels();
    labels.push_back({square({160, 120}, 100), true});  // ignored: may be cut
    int smaller = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        core::Random random(seed);
        const View view = draw_view({320, 240}, {320, 240}, labels, options, random);
        const double scale = std::abs(view.place.xx);
        int learnt = 0;
        for (const TextLabel& label : transform(labels, view)) {
            if (label.ignore) continue;
            // Whole pixels of the covered part may shave off a fraction of one.
            const double seen = geometry::area(clip(label.polygon, view.covered));
            EXPECT_NEAR(seen, 24 * 24 * scale * scale, 24 * scale);
            ++learnt;
        }
        EXPECT_GE(learnt, 1);
        smaller += learnt < 4;
    }
    EXPECT_GT(smaller, 50);
}

TEST(Augment, windows_show_text) {
    AugmentOptions options;
    options.size = {64, 64};
    options.crop = Crop::window;
    options.rotation = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        core::Random random(seed);
        const View view = draw_view({320, 240}, {320, 240}, mark_labels(), options, random);
        EXPECT_FALSE(transform(mark_labels(), view).empty());
        const double scale = std::abs(view.place.xx);
        EXPECT_GE(scale, 0.5);
        EXPECT_LT(scale, 3);
    }
}

TEST(Augment, windows_show_large_text_whole) {
    const TextLabel word{{{30, 100}, {290, 90}, {292, 130}, {32, 140}}};
    AugmentOptions options;
    options.size = {96, 64};
    options.crop = Crop::window;
    double smallest = 10;
    double largest = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        core::Random random(seed);
        const View view = draw_view({320, 240}, {320, 240}, {word}, options, random);
        const std::vector<TextLabel> seen = transform({word}, view, 0.7);
        ASSERT_EQ(seen.size(), 1u);
        EXPECT_FALSE(seen[0].ignore) << seed;
        const Rect box = geometry::bounding_rect(seen[0].polygon);
        // A turn may take an end of the word out of the frame, little of it.
        EXPECT_GT(geometry::area(clip(seen[0].polygon, view.covered)),
                  0.99 * geometry::area(seen[0].polygon));
        smallest = std::min(smallest, box.width / 96);
        largest = std::max(largest, box.width / 96);
    }
    EXPECT_LT(smallest, 0.6);
    EXPECT_GT(largest, 0.8);
    EXPECT_LT(largest, 0.96);
}

TEST(Augment, degenerate_labels_are_harmless) {
    const std::vector<TextLabel> labels = {{{}},
                                           {{{5, 5}, {5, 5}, {5, 5}}},
                                           {{{-1e9, -1e9}, {1e9, -1e9}, {1e9, 1e9}, {-1e9, 1e9}}},
                                           {{{1000, 1000}, {1100, 1000}, {1100, 1100}}}};
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        for (const Crop crop : {Crop::east, Crop::window, Crop::whole}) {
            AugmentOptions options;
            options.crop = crop;
            core::Random random(seed);
            const View view = draw_view({320, 240}, {320, 240}, labels, options, random);
            EXPECT_LE(transform(labels, view).size(), 1u);
        }
}

TEST(Augment, options_out_of_range_are_named) {
    AugmentOptions options;
    EXPECT_NO_THROW(check(options));
    options.rotation = 200;
    try {
        check(options);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "augmentation: rotation is 200, expected 0 to 180");
    }
    options = {};
    options.scale_high = 0.1;
    EXPECT_THROW(check(options), Error);
    options = {};
    options.flip = std::nan("");
    EXPECT_THROW(check(options), Error);
    options = {};
    options.visible_share = 1.5;
    EXPECT_THROW(check(options), Error);
    options = {};
    options.quarter_turns = -1;
    EXPECT_THROW(check(options), Error);
    for (const auto& [name, chance, least, most] : kAugmentChances) {
        for (const Chance& bad : {Chance{1.5, least, most},
                                  {0, least - 1, most},
                                  {0, least, most + 1},
                                  {0, most, least},
                                  {0, least, NAN}}) {
            options = {};
            options.*chance = bad;
            try {
                check(options);
                ADD_FAILURE() << name;
            } catch (const Error& error) {
                EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
            }
        }
        options = {};
        options.*chance = {1, least, most};
        EXPECT_NO_THROW(check(options)) << name;
    }
}

}  // namespace
}  // namespace dbnet::data
