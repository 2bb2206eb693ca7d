// Target maps of the style `mhliao` against those of the reference implementation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/file.hpp"
#include "data/targets.hpp"
#include "image/encode.hpp"
#include "support/golden.hpp"
#include "support/opencv_version.hpp"

namespace dbnet::test {
namespace {

using data::TextLabel;

std::vector<TextLabel> labels_of(const nlohmann::json& info, const char* polygons,
                                 const char* ignore) {
    std::vector<TextLabel> labels;
    for (std::size_t i = 0; i < info[polygons].size(); ++i) {
        TextLabel& label = labels.emplace_back();
        for (const auto& point : info[polygons][i]) label.polygon.push_back({point[0], point[1]});
        label.ignore = info[ignore][i];
    }
    return labels;
}

void expect_mask(const std::vector<std::uint8_t>& map, const std::string& path) {
    const Image expected = Image::read(path);
    ASSERT_EQ(static_cast<std::size_t>(expected.width()) * expected.height(), map.size());
    int different = 0;
    for (std::size_t i = 0; i < map.size(); ++i)
        different += (map[i] != 0) != (expected.view().data[3 * i] == 255);
    EXPECT_LE(different, kSameOpenCv ? 0 : static_cast<int>(map.size() / 1000)) << path;
}

void expect_threshold(const std::vector<float>& map, const std::string& path) {
    const image::Grey16 expected = image::decode_png16(core::read_file(path), path);
    ASSERT_EQ(expected.pixels.size(), map.size());
    double worst = 0;
    for (std::size_t i = 0; i < map.size(); ++i)
        worst = std::max(worst, std::abs(map[i] - (0.3 + 0.4 * expected.pixels[i] / 65535.0)));
    EXPECT_LT(worst, 1e-5) << path;
}

void expect_labels(const std::vector<TextLabel>& labels, const std::vector<TextLabel>& expected) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
        EXPECT_EQ(labels[i].ignore, expected[i].ignore) << i;
        EXPECT_EQ(labels[i].polygon, expected[i].polygon) << i;
    }
}

TEST(GoldenTargets, MapsAndLabels) {
    const std::string section = golden_section("targets");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    for (const std::string& path : files_ending(section, ".json")) {
        SCOPED_TRACE(path);
        const nlohmann::json info = read_json(path);
        std::vector<TextLabel> labels = labels_of(info, "polygons", "ignore");
        data::TargetOptions options;
        options.style = data::TargetStyle::mhliao;
        options.clip = info["is_training"];
        const data::TargetMaps maps =
            data::make_targets(info["width"], info["height"], labels, options);
        const auto file = [&](const char* name) {
            return section + "/" + info["files"][name].get<std::string>();
        };
        expect_mask(maps.probability, file("shrink_map"));
        expect_mask(maps.probability_mask, file("shrink_mask"));
        expect_mask(maps.threshold_mask, file("thresh_mask"));
        expect_threshold(maps.threshold, file("thresh_map"));
        expect_labels(labels, labels_of(info, "polygons_after", "ignore_after"));
        ++cases;
    }
    report_golden("targets", cases);
}

}  // namespace
}  // namespace dbnet::test
