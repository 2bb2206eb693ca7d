#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "core/random.hpp"
#include "detect/preprocess.hpp"

namespace dbnet::detect {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Kind = SizeRule::Kind;

constexpr std::int64_t kNoCap = std::int64_t{1} << 60;

const std::vector<std::pair<std::string, SizeRule>> kExamples{
    {"736", {Kind::short_side, 736, 0}},
    {"640", {Kind::short_side, 640, 0}},
    {"height:800", {Kind::height, 800, 0}},
    {"736x1280", {Kind::fixed, 736, 1280}},
    {"max:960", {Kind::max_side, 960, 0}},
    {"min:736", {Kind::min_side, 736, 0}},
    {"keep:736x1333", {Kind::keep_ratio, 736, 1333}}};

InputGeometry plan(int width, int height, const std::string& rule) {
    return plan_input(width, height, SizeRule::parse(rule), kNoCap);
}

TEST(SizeRule, TextFormsAreReadAndWritten) {
    for (const auto& [text, rule] : kExamples) {
        EXPECT_EQ(SizeRule::parse(text), rule);
        EXPECT_EQ(rule.to_string(), text);
    }
}

TEST(SizeRule, RefusesWhatIsNoSize) {
    for (const char* text :
         {"", "x", "0", "-736", "736.5", "736 ", "736x", "x736", "736x1280x3", "max:", "max:960x2",
          "keep:736", "long:960", "99999999999", "65537", "height:0", "736X1280"})
        EXPECT_THROW(SizeRule::parse(text), Error) << text;
}

TEST(PlanInput, SizesByEveryRule) {
    const auto expect = [](const InputGeometry& g, int width, int height) {
        EXPECT_EQ(g.width, width);
        EXPECT_EQ(g.height, height);
        EXPECT_FALSE(g.capped);
    };
    expect(plan(1280, 720, "736"), 1312, 736);
    expect(plan(720, 1280, "736"), 736, 1312);
    expect(plan(1280, 720, "height:736"), 1312, 736);
    expect(plan(720, 1280, "height:736"), 416, 736);
    expect(plan(333, 77, "736x1280"), 1280, 736);
    expect(plan(1920, 1080, "max:960"), 960, 544);
    expect(plan(640, 480, "max:960"), 640, 480);
    expect(plan(640, 480, "min:736"), 992, 736);
    expect(plan(1280, 720, "keep:736x1333"), 1312, 736);
    expect(plan(100, 100, "700"), 704, 704);
}

TEST(PlanInput, KeepRatioPadsAndTheOthersFill) {
    const InputGeometry keep = plan(1000, 500, "keep:736x1333");
    EXPECT_EQ(keep.valid_width, 1333);
    EXPECT_EQ(keep.valid_height, 667);
    EXPECT_EQ(keep.width, 1344);
    EXPECT_EQ(keep.height, 672);
    const InputGeometry fill = plan(1000, 500, "736");
    EXPECT_EQ(fill.valid_width, fill.width);
    EXPECT_EQ(fill.valid_height, fill.height);
}

TEST(PlanInput, SmallImagesArePaddedFirstByPaddlesRules) {
    const InputGeometry g = plan(16, 8, "min:736");
    EXPECT_EQ(g.width, 736);
    EXPECT_EQ(g.height, 736);
    EXPECT_EQ(g.valid_width, 368);
    EXPECT_EQ(g.valid_height, 184);
}

TEST(PlanInput, StaysWithinTheCapWhateverTheImage) {
    core::Random random(1);
    for (int round = 0; round < 5000; ++round) {
        const auto side = [&random] {
            return static_cast<int>(1 + random.below(std::uint64_t{1} << (1 + random.below(30))));
        };
        const int width = side();
        const int height = side();
        const auto& [text, rule] = kExamples[random.below(kExamples.size())];
        const auto cap = static_cast<std::int64_t>(1024 + random.below(5'000'000));
        const InputGeometry g = plan_input(width, height, rule, cap);
        SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height) + " " + text);
        EXPECT_LE(static_cast<std::int64_t>(g.width) * g.height, cap);
        EXPECT_TRUE(g.width >= 32 && g.width % 32 == 0) << g.width;
        EXPECT_TRUE(g.height >= 32 && g.height % 32 == 0) << g.height;
        EXPECT_TRUE(g.valid_width >= 1 && g.valid_width <= g.width);
        EXPECT_TRUE(g.valid_height >= 1 && g.valid_height <= g.height);
        EXPECT_EQ(g.image_width, width);
        const InputGeometry uncapped = plan_input(width, height, rule, kNoCap);
        EXPECT_EQ(g.capped, static_cast<std::int64_t>(uncapped.width) * uncapped.height > cap);
        if (g.capped) continue;
        EXPECT_EQ(g.width, uncapped.width);
        EXPECT_EQ(g.height, uncapped.height);
    }
}

TEST(PlanInput, TheCapIsUsedNotWasted) {
    const InputGeometry strip = plan_input(1, 20000, {}, 4'000'000);
    EXPECT_TRUE(strip.capped);
    EXPECT_EQ(strip.width, 32);
    EXPECT_GT(std::int64_t{32} * strip.height, 3'900'000);
    const InputGeometry photo = plan_input(8000, 6000, {Kind::short_side, 6000, 0}, 4'000'000);
    EXPECT_GT(static_cast<std::int64_t>(photo.width) * photo.height, 3'800'000);
    EXPECT_NEAR(static_cast<double>(photo.width) / photo.height, 8.0 / 6, 0.03);
}

TEST(PlanInput, SmallImagesAreEnlargedOnlySoFar) {
    const auto bounded = [](int width, int height, const char* rule) {
        return plan_input(width, height, SizeRule::parse(rule), kNoCap, 3);
    };
    const InputGeometry crop = bounded(330, 48, "1088");
    EXPECT_EQ(crop.width, 992);
    EXPECT_EQ(crop.height, 160);
    EXPECT_EQ(bounded(600, 200, "1088").height, 608);
    EXPECT_EQ(bounded(600, 200, "min:736").height, 608);
    EXPECT_EQ(bounded(600, 200, "keep:1088x3000").height, 608);
    EXPECT_EQ(bounded(600, 200, "736x1280").height, 736) << "both sides are fixed";
    EXPECT_EQ(bounded(1280, 720, "1088").height, 1088);
    EXPECT_EQ(bounded(4000, 3000, "1088").height, 1088);
    EXPECT_EQ(bounded(1, 1, "1088").height, 32);
}

TEST(PlanInput, OwnResolutionIsPaddedOnly) {
    const InputGeometry g = plan_own_resolution(1000, 33);
    EXPECT_EQ(g.valid_width, 1000);
    EXPECT_EQ(g.valid_height, 33);
    EXPECT_EQ(g.width, 1024);
    EXPECT_EQ(g.height, 64);
    const InputGeometry fixed = plan_own_resolution(1000, 33, 250, 100);
    EXPECT_EQ((fixed.width - 250) % 32, 0);
    EXPECT_GE(fixed.width, 1000);
    EXPECT_EQ(fixed.height, 100);
}

TEST(SizeWarnings, SayWhatHappenedFromWhatToWhatAndWhatHelps) {
    const auto warning = [](int width, int height, const char* rule, std::int64_t cap) {
        const auto all = size_warnings(plan_input(width, height, SizeRule::parse(rule), cap));
        EXPECT_LE(all.size(), 1u);
        return all.empty() ? std::string() : all.front();
    };
    EXPECT_EQ(warning(1280, 720, "1088", 4'000'000), "");
    EXPECT_EQ(warning(4000, 3000, "1088", 4'000'000), "");
    EXPECT_EQ(warning(330, 48, "736", kNoCap), "");
    EXPECT_THAT(warning(12'000, 9000, "1088", 4'000'000),
                AllOf(StartsWith("scaled down 8.3 times, from 12000x9000 to 1472x1088"),
                      HasSubstr("--tile"), Not(HasSubstr("max-input-pixels"))));
    EXPECT_THAT(warning(12'000, 9000, "max:960", 4'000'000), HasSubstr("12.8 times"));
    EXPECT_THAT(warning(1080, 20'000, "1088", 4'000'000),
                AllOf(HasSubstr("from 1080x20000"), HasSubstr("max-input-pixels"),
                      Not(HasSubstr("--tile"))));
    EXPECT_THAT(warning(1080, 20'000, "max:960", 4'000'000), HasSubstr("--tile"));
    EXPECT_THAT(warning(330, 48, "736", 1'000'000),
                AllOf(StartsWith("enlarged from 330x48 to no more than"),
                      HasSubstr("max-input-pixels"), Not(HasSubstr("--tile"))));
}

TEST(PlanInput, RefusesImpossibleSides) {
    EXPECT_THROW(plan_input(0, 10, {}, kNoCap), Error);
    EXPECT_THROW(plan_input(10, -1, {}, kNoCap), Error);
    EXPECT_THROW(plan_input(10, 10, {Kind::fixed, 736, 0}, kNoCap), Error);
}

}  // namespace
}  // namespace dbnet::detect
