#include "detect/postprocess.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <thread>

#include <dbnet/error.hpp>
#include <opencv2/imgproc.hpp>

#include "core/random.hpp"
#include "detect/reading_order.hpp"
#include "geometry/offset.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::detect {
namespace {

constexpr Preset kPresets[] = {Preset::native, Preset::mhliao, Preset::mmocr, Preset::paddle};

/// A map whose values are painted by the tests; the image has the map's size unless set.
struct Map {
    int width;
    int height;
    std::vector<float> values;
    MapView view;

    Map(int w, int h, float value = 0)
        : width(w), height(h), values(static_cast<std::size_t>(w) * h, value) {
        view = {values.data(), w, h, w, h, w, h};
    }
    Map(const Map&) = delete;

    float& at(int x, int y) { return values[static_cast<std::size_t>(y) * width + x]; }

    Map& box(int x, int y, int w, int h, float value = 0.9f) {
        for (int j = y; j < y + h; ++j) std::fill_n(&at(x, j), w, value);
        return *this;
    }

    /// As targets are drawn: vertices cut to whole pixels, border pixels included.
    Map& fill(const Polygon& polygon, float value = 0.9f) {
        std::vector<cv::Point> vertices;
        for (const Point point : polygon)
            vertices.emplace_back(static_cast<int>(point.x), static_cast<int>(point.y));
        cv::Mat canvas(height, width, CV_32FC1, values.data());
        cv::fillPoly(canvas, vertices, cv::Scalar(value));
        return *this;
    }

    Map& each(const std::function<float(int, int)>& value) {
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) at(x, y) = value(x, y);
        return *this;
    }
};

Polygon turned_rectangle(Point centre, double width, double height, double angle) {
    Polygon corners;
    for (const auto& [x, y] : {std::pair{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}})
        corners.push_back({centre.x + x * width * std::cos(angle) - y * height * std::sin(angle),
                           centre.y + x * width * std::sin(angle) + y * height * std::cos(angle)});
    return corners;
}

std::vector<Region> regions_of(const Map& map, const PostprocessOptions& options = {}) {
    return postprocess(map.view, options).regions;
}

TEST(PostprocessNative, OneBoxGivesOneRegionAtPixelCentres) {
    Map map(100, 50);
    map.box(10, 20, 31, 9);
    map.view.image_width = 200;
    map.view.image_height = 150;
    PostprocessOptions options;
    options.unclip_ratio = 0.01f;
    const auto regions = regions_of(map, options);
    ASSERT_EQ(regions.size(), 1u);
    const Region& region = regions[0];
    EXPECT_FLOAT_EQ(region.score, 0.9f);
    // From the first to the last pixel's centre, twice and three times as large, and a trifle more.
    EXPECT_NEAR(region.rect.x, 21, 0.2);
    EXPECT_NEAR(region.rect.y, 61.5, 0.2);
    EXPECT_NEAR(region.rect.width, 60, 0.4);
    EXPECT_NEAR(region.rect.height, 24, 0.4);
    EXPECT_NEAR(region.quad[0].x, 21, 0.3);
    EXPECT_NEAR(region.quad[0].y, 61.5, 0.3);
    EXPECT_NEAR(region.quad[2].x, 81, 0.3);
    EXPECT_GT(geometry::signed_area(region.polygon), 0) << "clockwise on screen";
}

TEST(PostprocessNative, UnclipByRatioMovesEdgesByAreaTimesRatioByPerimeter) {
    Map map(200, 100);
    map.box(50, 40, 81, 11);
    PostprocessOptions options;
    options.unclip_ratio = 2;
    const auto regions = regions_of(map, options);
    ASSERT_EQ(regions.size(), 1u);
    const double distance = 80.0 * 10 * 2 / 180;
    EXPECT_NEAR(regions[0].rect.x, 50.5 - distance, 0.05);
    EXPECT_NEAR(regions[0].rect.height, 10 + 2 * distance, 0.1);
    EXPECT_GT(regions[0].polygon.size(), 8u) << "round corners";
}

TEST(PostprocessNative, ExactUnclipUndoesTheShrinking) {
    core::Random random(1);
    PostprocessOptions options;
    options.unclip = Unclip::exact;
    for (int round = 0; round < 200; ++round) {
        const int width = static_cast<int>(10 + random.below(200));
        const int height = static_cast<int>(4 + random.below(30));
        const int distance = static_cast<int>(1 + random.below(15));
        // The shrink ratio whose distance, area * (1 - r^2) / perimeter, is this one.
        const double full_width = width + 2 * distance;
        const double full_height = height + 2 * distance;
        const double q = distance * 2 * (full_width + full_height) / (full_width * full_height);
        if (q > 0.95) continue;
        options.shrink_ratio = static_cast<float>(std::sqrt(1 - q));
        Map map(300, 100);
        // Targets are drawn with their border pixels (cv::fillPoly).
        map.box(40, 40, width + 1, height + 1);
        const auto regions = regions_of(map, options);
        ASSERT_EQ(regions.size(), 1u);
        SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
        EXPECT_NEAR(regions[0].rect.x, 40.5 - distance, 0.01);
        EXPECT_NEAR(regions[0].rect.y, 40.5 - distance, 0.01);
        EXPECT_NEAR(regions[0].rect.width, full_width, 0.02);
        EXPECT_NEAR(regions[0].rect.height, full_height, 0.02);
        EXPECT_EQ(regions[0].polygon.size(), 4u) << "sharp corners";
    }
}

TEST(PostprocessNative, ExactUnclipUndoesTheShrinkingOfTurnedRectangles) {
    core::Random random(1);
    PostprocessOptions options;
    options.unclip = Unclip::exact;
    for (int round = 0; round < 100; ++round) {
        const Polygon rectangle =
            turned_rectangle({200, 200}, random.uniform(60, 300), random.uniform(30, 60),
                             random.uniform(0, 2 * std::numbers::pi));
        const double r = options.shrink_ratio;
        const double distance =
            geometry::area(rectangle) * (1 - r * r) / geometry::perimeter(rectangle);
        Map map(400, 400);
        map.fill(geometry::offset(rectangle, -distance, geometry::Join::mitre).at(0));
        const auto regions = regions_of(map, options);
        ASSERT_EQ(regions.size(), 1u);
        // A kernel may be 5 pixels thin, and its errors grow threefold.
        EXPECT_GT(geometry::iou(regions[0].quad, rectangle), 0.88) << rectangle;
        EXPECT_GT(geometry::iou(regions[0].polygon, rectangle), 0.88) << rectangle;
    }
}

TEST(PostprocessNative, ThresholdsAndSizesDecide) {
    Map map(100, 100);
    map.box(10, 10, 20, 10, 0.5f).box(50, 10, 20, 10, 0.8f).box(10, 50, 20, 3, 0.8f);
    PostprocessOptions options;
    EXPECT_EQ(regions_of(map, options).size(), 1u);
    options.box_threshold = 0.45f;
    EXPECT_EQ(regions_of(map, options).size(), 2u);
    options.min_size = 2;
    EXPECT_EQ(regions_of(map, options).size(), 3u);
    options.threshold = 0.6f;
    EXPECT_EQ(regions_of(map, options).size(), 2u);
    options.box_threshold = 0.85f;
    EXPECT_EQ(regions_of(map, options).size(), 0u);
}

TEST(PostprocessNative, ScoreIsTheMeanOfTheOutlineOrOfTheBox) {
    Map map(60, 60);
    map.box(10, 10, 30, 8, 0.9f).box(10, 18, 8, 22, 0.9f);  // an L, whose box is mostly empty
    PostprocessOptions options;
    options.box_threshold = 0;
    EXPECT_FLOAT_EQ(regions_of(map, options).at(0).score, 0.9f);
    options.score_mode = ScoreMode::box;
    EXPECT_LT(regions_of(map, options).at(0).score, 0.75f);
}

TEST(PostprocessNative, DilationJoinsNeighbours) {
    Map map(100, 40);
    map.box(10, 10, 20, 10).box(31, 10, 20, 10);
    PostprocessOptions options;
    EXPECT_EQ(regions_of(map, options).size(), 2u);
    options.dilate = true;
    options.box_threshold = 0.5f;
    EXPECT_EQ(regions_of(map, options).size(), 1u);
}

TEST(PostprocessNative, HolesAreNoRegions) {
    Map map(100, 100);
    map.box(10, 10, 80, 80).box(30, 30, 40, 40, 0.25f).box(45, 45, 10, 10);
    PostprocessOptions options;
    options.box_threshold = 0;
    const auto regions = regions_of(map, options);
    ASSERT_EQ(regions.size(), 2u) << "the frame and what is inside of it";
}

TEST(PostprocessNative, TheCapKeepsTheBest) {
    Map map(200, 200);
    const float scores[] = {0.7f, 0.95f, 0.65f, 0.9f, 0.85f};
    for (int i = 0; i < 5; ++i) map.box(20, 10 + 35 * i, 60, 10, scores[i]);
    PostprocessOptions options;
    options.max_candidates = 3;
    options.explain = true;
    const PostprocessResult result = postprocess(map.view, options);
    ASSERT_EQ(result.regions.size(), 3u);
    EXPECT_FLOAT_EQ(result.regions[0].score, 0.95f);
    EXPECT_FLOAT_EQ(result.regions[1].score, 0.9f);
    EXPECT_FLOAT_EQ(result.regions[2].score, 0.85f);
    EXPECT_EQ(std::count_if(result.candidates.begin(), result.candidates.end(),
                            [](const auto& c) { return c.verdict == Verdict::over_cap; }),
              2);
}

TEST(PostprocessNative, PaddingIsIgnored) {
    Map map(128, 64);
    map.box(10, 10, 40, 10).box(100, 10, 20, 10).box(10, 50, 40, 10);
    map.view.valid_width = 90;
    map.view.valid_height = 45;
    map.view.image_width = 180;
    map.view.image_height = 90;
    const auto regions = regions_of(map);
    ASSERT_EQ(regions.size(), 1u);
    EXPECT_NEAR(regions[0].rect.x + regions[0].rect.width / 2, 60, 0.5);
}

TEST(Postprocess, ExplainNamesEveryCandidate) {
    Map map(200, 100);
    map.box(10, 10, 60, 12).box(100, 10, 60, 12, 0.4f).box(10, 60, 2, 2);
    for (const Preset preset : kPresets)
        for (const Outline outline : {Outline::quad, Outline::polygon}) {
            PostprocessOptions options = PostprocessOptions::of(preset, outline);
            options.box_threshold = 0.6f;
            const auto plain = postprocess(map.view, options);
            options.explain = true;
            const auto explained = postprocess(map.view, options);
            EXPECT_EQ(plain.regions, explained.regions);
            EXPECT_TRUE(plain.candidates.empty());
            ASSERT_EQ(explained.candidates.size(), 3u);
            int accepted = 0;
            int low = 0;
            for (const Candidate& candidate : explained.candidates) {
                accepted += candidate.verdict == Verdict::accepted;
                if (candidate.verdict != Verdict::low_score) continue;
                ++low;
                EXPECT_EQ(candidate.reason, "score 0.4 is below the box threshold 0.6");
                EXPECT_EQ(candidate.contour.size(), 4u);
            }
            EXPECT_EQ(accepted, static_cast<int>(plain.regions.size()));
            EXPECT_GE(accepted, 1);
            EXPECT_EQ(low, 1);
        }
}

TEST(PostprocessReference, TheCapCountsContoursFromTheBottom) {
    Map map(100, 200);
    for (int i = 0; i < 5; ++i) map.box(20, 10 + 35 * i, 60, 10);
    for (const Preset preset : {Preset::mhliao, Preset::mmocr, Preset::paddle}) {
        PostprocessOptions options = PostprocessOptions::of(preset);
        options.max_candidates = 2;
        const auto regions = regions_of(map, options);
        ASSERT_EQ(regions.size(), 2u);
        EXPECT_GT(std::min(regions[0].rect.y, regions[1].rect.y), 100);
    }
}

TEST(PostprocessReference, MmocrDividesByTheScaleOfTheValidPart) {
    Map map(128, 64);
    map.box(20, 20, 41, 11);
    map.view.valid_width = 100;
    map.view.valid_height = 50;
    map.view.image_width = 200;
    map.view.image_height = 100;
    const auto regions = regions_of(map, PostprocessOptions::of(Preset::mmocr));
    ASSERT_EQ(regions.size(), 1u);
    EXPECT_NEAR(regions[0].rect.x + regions[0].rect.width / 2, 80, 1);
    EXPECT_NEAR(regions[0].rect.y + regions[0].rect.height / 2, 50, 1);
}

TEST(PostprocessReference, WhatLiesInThePaddingIsOutside) {
    Map map(128, 64);
    map.box(10, 10, 40, 10).box(105, 10, 20, 10);
    map.view.valid_width = map.view.image_width = 100;
    for (const Preset preset : {Preset::mhliao, Preset::mmocr, Preset::paddle}) {
        PostprocessOptions options = PostprocessOptions::of(preset);
        options.explain = true;
        const PostprocessResult result = postprocess(map.view, options);
        ASSERT_EQ(result.regions.size(), 1u);
        EXPECT_NEAR(result.regions[0].rect.x + result.regions[0].rect.width / 2, 29.5, 1);
        EXPECT_EQ(std::count_if(result.candidates.begin(), result.candidates.end(),
                                [](const auto& c) { return c.verdict == Verdict::outside; }),
                  1);
    }
}

TEST(PostprocessReference, PaddleClipsToTheLastPixelAndDropsThinQuads) {
    Map map(100, 100);
    map.box(0, 0, 40, 12);
    PostprocessOptions options = PostprocessOptions::of(Preset::paddle);
    map.view.image_width = 30;
    map.view.image_height = 30;
    const auto kept = regions_of(map, options);
    ASSERT_EQ(kept.size(), 1u);
    map.view.image_height = 15;
    EXPECT_TRUE(regions_of(map, options).empty()) << "its height is 3 image pixels at most";
    options.predict_det_filter = false;
    EXPECT_EQ(regions_of(map, options).size(), 1u);
}

void expect_sane(const PostprocessResult& result, const MapView& view, bool clipped) {
    for (const Region& region : result.regions) {
        ASSERT_GE(region.polygon.size(), 3u);
        EXPECT_FALSE(std::isnan(region.score));
        for (const Point point : region.polygon) {
            ASSERT_TRUE(std::isfinite(point.x) && std::isfinite(point.y));
            if (!clipped) continue;
            EXPECT_TRUE(point.x >= 0 && point.x <= view.image_width) << point.x;
            EXPECT_TRUE(point.y >= 0 && point.y <= view.image_height) << point.y;
        }
        for (const Point point : region.quad)
            ASSERT_TRUE(std::isfinite(point.x) && std::isfinite(point.y));
    }
}

/// All presets and outlines, with and without explanations.
void survive(const Map& map) {
    for (const Preset preset : kPresets)
        for (const Outline outline : {Outline::quad, Outline::polygon})
            for (const Unclip unclip : {Unclip::ratio, Unclip::exact})
                for (const bool explain : {false, true}) {
                    PostprocessOptions options = PostprocessOptions::of(preset, outline);
                    options.unclip = unclip;
                    options.explain = explain;
                    expect_sane(postprocess(map.view, options), map.view, preset != Preset::mmocr);
                    options.box_threshold = 0;
                    options.min_size = 0;
                    options.max_candidates = 500;
                    options.dilate = !explain;
                    expect_sane(postprocess(map.view, options), map.view, preset != Preset::mmocr);
                }
}

TEST(Postprocess, HostileMapsAreSurvived) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    core::Random random(2);
    for (const auto& [width, height] : {std::pair{1, 1}, {2, 1}, {1, 64}, {64, 1}, {70, 50}}) {
        for (const float value : {0.f, 1.f, -5.f, 1e30f, kNan, kInfinity, -kInfinity})
            survive(Map(width, height, value));
        survive(Map(width, height).each([](int x, int y) { return (x + y) % 2 ? 1.f : 0.f; }));
        survive(
            Map(width, height).each([](int x, int y) { return x % 4 < 2 && y % 4 ? 1.f : 0.f; }));
        survive(Map(width, height).each([&](int, int) { return random.normal(); }));
        survive(Map(width, height).each([&](int, int) {
            const float values[] = {kNan, kInfinity, -kInfinity, 0.5f, 0.9f, 1e38f};
            return values[random.below(6)];
        }));
    }
}

TEST(Postprocess, AMillionSpecklesEndSoon) {
    Map map(2000, 2000);
    map.each([](int x, int y) { return x % 2 == 0 && y % 2 == 0 ? 1.f : 0.f; });
    for (const Preset preset : kPresets)
        EXPECT_TRUE(regions_of(map, PostprocessOptions::of(preset)).empty());
}

TEST(Postprocess, OutlinesOfNoiseStayShort) {
    Map map(800, 800);
    core::Random random(5);
    map.each([&](int, int) { return random.uniform() < 0.45 ? 1.f : 0.29f; });
    const auto regions = regions_of(map);
    ASSERT_FALSE(regions.empty());
    for (const Region& region : regions) EXPECT_LT(region.polygon.size(), 5000u);
}

TEST(Postprocess, RefusesMapsThatAreNone) {
    Map map(32, 32);
    const auto refused = [&](auto change) {
        MapView view = map.view;
        change(view);
        EXPECT_THROW(postprocess(view, {}), Error);
    };
    refused([](MapView& v) { v.values = nullptr; });
    refused([](MapView& v) { v.width = v.valid_width = 0; });
    refused([](MapView& v) { v.valid_height = 33; });
    refused([](MapView& v) { v.image_width = 0; });
}

TEST(Postprocess, ThreadsChangeNothing) {
    Map map(640, 480);
    core::Random random(3);
    for (int i = 0; i < 60; ++i)
        map.fill(
            turned_rectangle({random.uniform(0, 640), random.uniform(0, 480)},
                             random.uniform(10, 90), random.uniform(5, 20), random.uniform(-1, 1)),
            static_cast<float>(random.uniform(0.5, 1)));
    const std::vector<Region> serial = regions_of(map);
    ASSERT_GT(serial.size(), 10u);
    std::vector<std::vector<Region>> results(8);
    {
        std::vector<std::jthread> threads;
        for (auto& result : results) threads.emplace_back([&] { result = regions_of(map); });
    }
    for (const auto& result : results) EXPECT_EQ(result, serial);
    const int opencv_threads = cv::getNumThreads();
    cv::setNumThreads(1);
    EXPECT_EQ(regions_of(map), serial);
    cv::setNumThreads(opencv_threads);
}

/// A page of words, each with its number as score, in reading order: jittered by less than half
/// their height, and the whole page turned about its corner.
std::vector<Region> page_of_words(double degrees, core::Random& random) {
    const double cosine = std::cos(degrees * std::numbers::pi / 180);
    const double sine = std::sin(degrees * std::numbers::pi / 180);
    std::vector<Region> page;
    for (int line = 0; line < 30; ++line)
        for (int word = 0; word < 9; ++word) {
            const double x = word * 110.0, y = line * 40 + word * 0.5 + random.uniform(-3, 3);
            const double width = random.uniform(20, 95);
            Region region;
            const std::array<Point, 4> corners{
                {{x, y}, {x + width, y}, {x + width, y + 24}, {x, y + 24}}};
            std::ranges::transform(corners, region.quad.begin(), [&](Point p) {
                return Point{p.x * cosine - p.y * sine, p.x * sine + p.y * cosine};
            });
            region.rect = geometry::bounding_rect(region.quad);
            region.score = static_cast<float>(page.size());
            page.push_back(region);
        }
    return page;
}

TEST(ReadingOrder, LinesFromTheTopWordsFromTheLeftHoweverThePageLies) {
    core::Random random(4);
    for (const double degrees : {0.0, 3.0, -3.0, 7.0, -7.0, 15.0}) {
        const std::vector<Region> page = page_of_words(degrees, random);
        std::vector<Region> shuffled = page;
        for (std::size_t i = shuffled.size(); i > 1; --i)
            std::swap(shuffled[i - 1], shuffled[random.below(i)]);
        sort_in_reading_order(shuffled);
        EXPECT_EQ(shuffled, page) << degrees;
    }
}

TEST(ReadingOrder, OfVerticalAndOfFewRegionsIsFromTheTop) {
    std::vector<Region> none;
    sort_in_reading_order(none);
    core::Random random(5);
    std::vector<Region> turned = page_of_words(90, random);
    sort_in_reading_order(turned);
    for (std::size_t i = 1; i < turned.size(); ++i)
        EXPECT_GT(turned[i].rect.y + turned[i].rect.height, turned[i - 1].rect.y - 24);
}

TEST(Cap, SaysHowManyCandidatesAreLeftOut) {
    cv::Mat map(400, 400, CV_32FC1, cv::Scalar(0));
    for (int y = 0; y < 10; ++y)
        for (int x = 0; x < 10; ++x) map(cv::Rect(x * 40 + 5, y * 40 + 5, 24, 12)) = 0.9f;
    const MapView view{map.ptr<float>(), 400, 400, 400, 400, 400, 400};
    for (const Preset preset : {Preset::native, Preset::mhliao, Preset::mmocr, Preset::paddle}) {
        PostprocessOptions options = PostprocessOptions::of(preset);
        EXPECT_EQ(postprocess(view, options).over_cap, 0u);
        options.max_candidates = 70;
        const PostprocessResult result = postprocess(view, options);
        EXPECT_EQ(result.over_cap, 30u) << static_cast<int>(preset);
        EXPECT_EQ(result.regions.size(), 70u) << static_cast<int>(preset);
    }
    EXPECT_EQ(PostprocessOptions::of(Preset::native).max_candidates, 3000);
    EXPECT_EQ(PostprocessOptions::of(Preset::paddle).max_candidates, 1000);
}

}  // namespace
}  // namespace dbnet::detect
