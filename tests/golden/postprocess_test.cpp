// Regions of the presets against those of the reference implementations on the same maps. With the
// OpenCV that the references ran on (4.6) points are equal; newer ones order contours and corners
// differently, so there each region must have a partner of IoU 0.95.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "core/file.hpp"
#include "detect/postprocess_steps.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/overlap.hpp"
#include "image/encode.hpp"
#include "support/golden.hpp"
#include "support/opencv_version.hpp"

namespace dbnet::test {
namespace {

using detect::MapView;
using detect::PostprocessOptions;
using nlohmann::json;

constexpr double kScoreTolerance = kSameOpenCv ? 1e-5 : 0.02;

struct GoldenMap {
    json content;
    std::vector<float> values;

    explicit GoldenMap(const std::string& json_path) : content(read_json(json_path)) {
        const std::string file = content["map_file"];
        const std::string path = json_path.substr(0, json_path.rfind('/') + 1) + file;
        const image::Grey16 png = image::decode_png16(core::read_file(path), path);
        for (const std::uint16_t value : png.pixels)
            values.push_back(static_cast<float>(value) / 65535.f);
    }

    MapView view() const {
        const int width = content["map_width"];
        const int height = content["map_height"];
        return {values.data(),         width, height, width, height, content["dest_width"],
                content["dest_height"]};
    }
};

std::vector<std::string> map_files(const std::string& section) {
    return files_ending(section, ".json");
}

/// Which preset and outline a result's name stands for: "mhliao_quad", "paddle_poly", ...
std::optional<PostprocessOptions> base_options(const std::string& name) {
    const bool polygon = name.find("poly") != std::string::npos;
    const Outline outline = polygon ? Outline::polygon : Outline::quad;
    for (const Preset preset : {Preset::mhliao, Preset::mmocr, Preset::paddle}) {
        static const std::map<Preset, std::string> kNames{
            {Preset::mhliao, "mhliao_"}, {Preset::mmocr, "mmocr_"}, {Preset::paddle, "paddle_"}};
        if (name.starts_with(kNames.at(preset))) return PostprocessOptions::of(preset, outline);
    }
    return std::nullopt;
}

template <typename Value>
void take(const json& params, const char* key, Value& value) {
    if (params.contains(key)) value = params[key].get<Value>();
}

PostprocessOptions options_of(const std::string& name, const json& params) {
    PostprocessOptions options = base_options(name).value();
    take(params, "thresh", options.threshold);
    take(params, "mask_thr", options.threshold);
    take(params, "box_thresh", options.box_threshold);
    take(params, "min_text_score", options.box_threshold);
    take(params, "unclip_ratio", options.unclip_ratio);
    take(params, "epsilon_ratio", options.simplify);
    take(params, "min_size", options.min_size);
    take(params, "min_text_width", options.min_size);
    take(params, "use_dilation", options.dilate);
    take(params, "max_candidates", options.max_candidates);
    if (options.preset == Preset::mmocr) ++options.max_candidates;  // its index runs to the cap
    if (params.contains("score_mode"))
        options.score_mode = params["score_mode"] == "slow" ? ScoreMode::outline : ScoreMode::box;
    options.predict_det_filter = false;
    return options;
}

Polygon polygon_of(const json& points) {
    Polygon polygon;
    for (const json& point : points) polygon.push_back({point[0], point[1]});
    return polygon;
}

void expect_points(const Polygon& actual, const Polygon& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        EXPECT_NEAR(actual[i].x, expected[i].x, 1e-9 * std::abs(expected[i].x)) << "point " << i;
        EXPECT_NEAR(actual[i].y, expected[i].y, 1e-9 * std::abs(expected[i].y)) << "point " << i;
    }
}

/// Each expected outline has a partner of its own among the regions; one may lack it, because a
/// score near the box threshold may fall on its other side.
void expect_partners(const std::vector<Region>& regions, const std::vector<Polygon>& expected) {
    std::vector<bool> taken(regions.size(), false);
    int alone = 0;
    for (const Polygon& polygon : expected) {
        std::size_t best = regions.size();
        double best_iou = 0;
        for (std::size_t i = 0; i < regions.size(); ++i) {
            const double iou = taken[i] ? 0 : geometry::iou(regions[i].polygon, polygon);
            if (iou > best_iou) {
                best = i;
                best_iou = iou;
            }
        }
        if (best_iou < 0.95) ++alone;
        if (best < regions.size()) taken[best] = true;
    }
    EXPECT_LE(alone, 1);
}

void expect_regions(const std::vector<Region>& regions, const std::vector<Polygon>& expected) {
    if (!kSameOpenCv) {
        EXPECT_NEAR(static_cast<double>(regions.size()), static_cast<double>(expected.size()), 1);
        return expect_partners(regions, expected);
    }
    ASSERT_EQ(regions.size(), expected.size());
    for (std::size_t i = 0; i < regions.size(); ++i) {
        SCOPED_TRACE("region " + std::to_string(i));
        expect_points(regions[i].polygon, expected[i]);
    }
}

void expect_scores(const std::vector<Region>& regions, const json& detections) {
    std::vector<double> actual;
    std::vector<double> expected;
    for (const Region& region : regions) actual.push_back(region.score);
    for (const json& detection : detections) expected.push_back(detection["score"]);
    if (!kSameOpenCv) {
        std::sort(actual.rbegin(), actual.rend());
        std::sort(expected.rbegin(), expected.rend());
        expected.resize(std::min(actual.size(), expected.size()));
    }
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(actual[i], expected[i], kScoreTolerance) << "region " << i;
}

TEST(GoldenPostprocess, Contours) {
    const std::string section = golden_section("postprocess");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const std::string& path : map_files(section)) {
        SCOPED_TRACE(path);
        const GoldenMap map(path);
        const MapView view = map.view();
        const auto contours = detect::find_contours(view, {});
        ASSERT_EQ(contours.size(), map.content["num_contours"].get<std::size_t>());
        std::size_t bits = 0;
        for (const float value : map.values) bits += value > 0.3f;
        EXPECT_EQ(bits, map.content["bitmap_pixels"].get<std::size_t>());
        for (std::size_t i = 0; kSameOpenCv && i < contours.size(); ++i) {
            EXPECT_EQ(contours[i].size(), map.content["contour_sizes"][i].get<std::size_t>()) << i;
            const json& first = map.content["contour_first_points"][i];
            EXPECT_EQ(contours[i][0], cv::Point(first[0], first[1])) << i;
        }
        ++cases;
    }
    report_golden("postprocess contours", cases);
}

TEST(GoldenPostprocess, Regions) {
    const std::string section = golden_section("postprocess");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const std::string& path : map_files(section)) {
        const GoldenMap map(path);
        for (const auto& [name, result] : map.content["results"].items()) {
            SCOPED_TRACE(path + " " + name);
            const PostprocessOptions options = options_of(name, result["params"]);
            const auto regions = detect::postprocess(map.view(), options).regions;
            std::vector<Polygon> expected;
            for (const json& detection : result["detections"])
                expected.push_back(polygon_of(detection["points"]));
            expect_regions(regions, expected);
            if (regions.size() == expected.size()) expect_scores(regions, result["detections"]);
            ++cases;
        }
    }
    report_golden("postprocess regions", cases);
}

TEST(GoldenPostprocess, FilterOfPredictDet) {
    const std::string section = golden_section("postprocess");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const std::string& path : map_files(section)) {
        const GoldenMap map(path);
        for (const auto& [name, result] : map.content["results"].items()) {
            if (!result.contains("after_predict_det_filter")) continue;
            SCOPED_TRACE(path + " " + name);
            PostprocessOptions options = options_of(name, result["params"]);
            options.predict_det_filter = true;
            std::vector<Polygon> expected;
            for (const json& points : result["after_predict_det_filter"])
                expected.push_back(polygon_of(points));
            expect_regions(detect::postprocess(map.view(), options).regions, expected);
            ++cases;
        }
    }
    report_golden("postprocess filter", cases);
}

/// Follows the recorded calls: minimum-area rectangle of each contour, its score, and the rectangle
/// after unclipping, which is what the candidates' reasons are made from.
void expect_trace(const std::vector<Candidate>& candidates, const json& trace,
                  const PostprocessOptions& options) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        SCOPED_TRACE("contour " + std::to_string(i));
        const Candidate& candidate = candidates[i];
        ASSERT_LT(next, trace.size());
        ASSERT_EQ(trace[next][0], "minibox");
        EXPECT_NEAR(candidate.short_side, trace[next++][2].get<double>(), 1e-4);
        if (candidate.verdict == Verdict::too_small) continue;
        ASSERT_LT(next, trace.size());
        ASSERT_EQ(trace[next][0], "score");
        const double score = trace[next++][1];
        EXPECT_NEAR(candidate.score, score, kScoreTolerance);
        EXPECT_EQ(candidate.verdict == Verdict::low_score, score < options.box_threshold);
        if (candidate.verdict == Verdict::low_score) continue;
        ASSERT_LT(next, trace.size());
        EXPECT_EQ(candidate.verdict == Verdict::too_small_after,
                  trace[next++][2] < options.min_size + 2);
    }
    EXPECT_EQ(next, trace.size());
}

TEST(GoldenPostprocess, Traces) {
    const std::string section = golden_section("postprocess");
    DBNET_REQUIRE_GOLDEN(section);
    if (!kSameOpenCv) GTEST_SKIP() << "contours come in another order from this OpenCV";
    int cases = 0;
    for (const std::string& path : map_files(section)) {
        const GoldenMap map(path);
        for (const auto& [name, result] : map.content["results"].items()) {
            if (!result.contains("trace")) continue;
            SCOPED_TRACE(path + " " + name);
            PostprocessOptions options = options_of(name, result["params"]);
            options.explain = true;
            expect_trace(detect::postprocess(map.view(), options).candidates, result["trace"],
                         options);
            ++cases;
        }
    }
    report_golden("postprocess traces", cases);
}

}  // namespace
}  // namespace dbnet::test
