// Sizes and input tensors against those of the reference implementations.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>

#include "detect/preprocess.hpp"
#include "support/golden.hpp"

namespace dbnet::test {
namespace {

using detect::InputGeometry;
using detect::InputSpec;
using nlohmann::json;

constexpr std::int64_t kNoCap = std::int64_t{1} << 60;

/// The rule that a golden table is about; nothing for Paddle's resize_long, which has none here.
std::optional<SizeRule> rule_of(const json& table) {
    if (table.contains("image_short_side"))
        return SizeRule{SizeRule::Kind::short_side, table["image_short_side"], 0};
    if (table.contains("height")) return SizeRule{SizeRule::Kind::height, table["height"], 0};
    if (table.contains("image_shape"))
        return SizeRule{SizeRule::Kind::height, table["image_shape"][0], 0};
    const std::string limit = table.value("limit_type", "");
    if (limit == "min") return SizeRule{SizeRule::Kind::min_side, table["limit_side_len"], 0};
    if (limit == "max") return SizeRule{SizeRule::Kind::max_side, table["limit_side_len"], 0};
    return std::nullopt;
}

TEST(GoldenPreprocess, SizeRules) {
    const std::string section = golden_section("preprocess");
    DBNET_REQUIRE_GOLDEN(section);
    int cases = 0;
    const json tables = read_json(section + "/size_rules.json")["tables"];
    for (const json& table : tables) {
        const auto rule = rule_of(table);
        if (!rule) continue;
        for (const json& size : table["sizes"]) {
            // Of these Paddle pads the smallest images first, which its rules with a limit do here.
            const bool padded_first = size[0].get<int>() + size[1].get<int>() < 64;
            if (table.contains("image_shape") && padded_first) continue;
            const InputGeometry geometry = detect::plan_input(size[0], size[1], *rule, kNoCap);
            EXPECT_EQ(geometry.width, size[2].get<int>()) << rule->to_string() << " " << size;
            EXPECT_EQ(geometry.height, size[3].get<int>()) << rule->to_string() << " " << size;
            ++cases;
        }
    }
    report_golden("preprocess sizes", cases);
}

std::vector<float> tensor_of(const Image& image, const InputGeometry& geometry,
                             const InputSpec& spec) {
    std::vector<float> values(std::size_t{3} * geometry.width * geometry.height);
    detect::preprocess(image, geometry, {0, 0, geometry.width, geometry.height}, spec, values);
    return values;
}

void expect_tensor(const std::vector<float>& actual, const NpyArray& expected, double tolerance) {
    ASSERT_EQ(actual.size(), expected.values.size());
    double worst = 0;
    for (std::size_t i = 0; i < actual.size(); ++i)
        worst = std::max<double>(worst, std::abs(actual[i] - expected.values[i]));
    EXPECT_LE(worst, tolerance);
}

TEST(GoldenPreprocess, TensorsResizedInFloat) {
    const std::string section = golden_section("preprocess");
    DBNET_REQUIRE_GOLDEN(section);
    const InputSpec spec{detect::ChannelOrder::bgr,
                         {122.67891434f / 255, 116.66876762f / 255, 104.00698793f / 255},
                         {1, 1, 1},
                         true};
    int cases = 0;
    const json images = read_json(section + "/index.json")["images"];
    for (const json& item : images) {
        SCOPED_TRACE(item["file"].get<std::string>());
        const Image image = Image::read(section + "/" + item["file"].get<std::string>());
        const SizeRule rule{SizeRule::Kind::short_side, item["mhliao"]["image_short_side"], 0};
        const auto geometry = detect::plan_input(image.width(), image.height(), rule, kNoCap);
        const std::string file = item["mhliao"]["tensor"];
        expect_tensor(tensor_of(image, geometry, spec), read_npy(section + "/" + file), 1e-6);
        ++cases;
    }
    report_golden("preprocess tensors in float", cases);
}

TEST(GoldenPreprocess, TensorsResizedInEightBits) {
    const std::string section = golden_section("preprocess");
    DBNET_REQUIRE_GOLDEN(section);
    const InputSpec spec{
        detect::ChannelOrder::bgr, {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}, false};
    // The reference resizes with 11-bit weights and drops bits on the way: a value may be a grey
    // level off.
    const double one_level = 1 / (255 * 0.224) * 1.001;
    const InputSpec grey_levels{
        detect::ChannelOrder::rgb, {0, 0, 0}, {1 / 255.f, 1 / 255.f, 1 / 255.f}, false};
    int cases = 0;
    const json images = read_json(section + "/index.json")["images"];
    for (const json& item : images) {
        SCOPED_TRACE(item["file"].get<std::string>());
        const Image image = Image::read(section + "/" + item["file"].get<std::string>());
        const json& paddle = item["paddle"];
        const SizeRule rule{SizeRule::Kind::min_side, paddle["limit_side_len"], 0};
        const auto geometry = detect::plan_input(image.width(), image.height(), rule, kNoCap);
        const std::string file = paddle["tensor"];
        expect_tensor(tensor_of(image, geometry, spec), read_npy(section + "/" + file), one_level);

        const Image resized = Image::read(section + "/" + paddle["resized"].get<std::string>());
        const auto levels = tensor_of(image, geometry, grey_levels);
        ASSERT_EQ(resized.width(), geometry.width);
        ASSERT_EQ(resized.height(), geometry.height);
        const auto plane = static_cast<std::size_t>(geometry.width) * geometry.height;
        double sum = 0;
        for (std::size_t i = 0; i < 3 * plane; ++i) {
            const double expected = resized.view().data[i % plane * 3 + i / plane];
            EXPECT_LE(std::abs(levels[i] - expected), 1.001);
            sum += std::abs(levels[i] - expected);
        }
        EXPECT_LT(sum / (3 * static_cast<double>(plane)), 0.2);
        ++cases;
    }
    report_golden("preprocess tensors in 8 bits", cases);
}

}  // namespace
}  // namespace dbnet::test
