#include "detect/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <dbnet/error.hpp>

namespace dbnet::detect {
namespace {

using testing::HasSubstr;

std::string error_of(const auto& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST(Settings, WithoutMetadataPaddleWithAWarning) {
    const ModelSettings settings = settings_of({}, std::nullopt);
    EXPECT_EQ(settings.preset, Preset::paddle);
    EXPECT_EQ(settings.input.order, ChannelOrder::bgr);
    ASSERT_EQ(settings.warnings.size(), 1u);
    EXPECT_THAT(settings.warnings[0], HasSubstr("preset paddle"));
    EXPECT_TRUE(settings_of({}, Preset::paddle).warnings.empty());
    EXPECT_EQ(settings_of({{"author", "somebody"}}, std::nullopt).preset, Preset::paddle);
}

/// Everything that a detector does around the network, as text.
std::string behaviour(const ModelSettings& settings) {
    const PostprocessOptions& post = settings.postprocess;
    std::ostringstream out;
    out << to_string(settings.preset) << ' ' << static_cast<int>(settings.input.order) << ' '
        << settings.input.resize_in_float << ' ' << settings.size.to_string() << ' '
        << post.threshold << ' ' << post.box_threshold << ' ' << static_cast<int>(post.unclip)
        << ' ' << post.unclip_ratio << ' ' << post.shrink_ratio << ' ' << post.min_size << ' '
        << post.max_candidates << ' ' << static_cast<int>(post.score_mode);
    for (const auto& triple : {settings.input.mean, settings.input.std})
        for (const float value : triple) out << ' ' << value;
    return out.str();
}

TEST(Settings, OneKeyChangesWhatItIsAboutAndNothingElse) {
    const ModelSettings plain = settings_of({}, std::nullopt);
    for (const char* key : {"dbnet.licence", "dbnet.training", "dbnet.note", "licence"})
        EXPECT_EQ(behaviour(settings_of({{key, "MIT"}}, std::nullopt)), behaviour(plain)) << key;
    // Said once more, what holds anyway changes nothing.
    for (const auto& [key, value] : {std::pair{"dbnet.color_order", "BGR"},
                                     {"dbnet.mean", "0.485,0.456,0.406"},
                                     {"dbnet.std", "0.229,0.224,0.225"},
                                     {"dbnet.size", "max:960"},
                                     {"dbnet.threshold", "0.3"},
                                     {"dbnet.score_mode", "box"},
                                     {"dbnet.preset", "paddle"}})
        EXPECT_EQ(behaviour(settings_of({{key, value}}, std::nullopt)), behaviour(plain)) << key;
    const ModelSettings lower = settings_of({{"dbnet.box_threshold", "0.4"}}, std::nullopt);
    EXPECT_EQ(lower.preset, Preset::paddle);
    EXPECT_FLOAT_EQ(lower.postprocess.box_threshold, 0.4f);
    EXPECT_FLOAT_EQ(merge(lower, {.outline = Outline::polygon}).box_threshold, 0.4f);
    EXPECT_EQ(lower.warnings.size(), 1u);
}

TEST(Settings, TheMetadataMayNameThePreset) {
    Metadata metadata{{"dbnet.color_order", "RGB"},
                      {"dbnet.mean", "0,0,0"},
                      {"dbnet.std", "1,1,1"},
                      {"dbnet.preset", "mmocr"}};
    const ModelSettings settings = settings_of(metadata, std::nullopt);
    EXPECT_EQ(settings.preset, Preset::mmocr);
    EXPECT_TRUE(settings.warnings.empty());
    EXPECT_EQ(settings_of(metadata, Preset::native).preset, Preset::native);
    metadata["dbnet.preset"] = "madame";
    EXPECT_THAT(error_of([&] { settings_of(metadata, std::nullopt); }), HasSubstr("mmocr"));
}

TEST(Settings, MetadataMakesItNative) {
    const ModelSettings settings = settings_of({{"dbnet.color_order", "BGR"},
                                                {"dbnet.mean", "0.1, 0.2,0.3"},
                                                {"dbnet.std", "1,2,4"},
                                                {"dbnet.size", "max:960"},
                                                {"dbnet.threshold", "0.25"},
                                                {"dbnet.box_threshold", "0.5"},
                                                {"dbnet.unclip", "exact"},
                                                {"dbnet.unclip_ratio", "1.8"},
                                                {"dbnet.shrink_ratio", "0.5"},
                                                {"dbnet.min_size", "4"},
                                                {"dbnet.max_candidates", "77"},
                                                {"dbnet.score_mode", "box"},
                                                {"dbnet.licence", "anything"}},
                                               std::nullopt);
    EXPECT_EQ(settings.preset, Preset::native);
    EXPECT_TRUE(settings.warnings.empty());
    EXPECT_EQ(settings.input.order, ChannelOrder::bgr);
    EXPECT_EQ(settings.input.mean, (std::array<float, 3>{0.1f, 0.2f, 0.3f}));
    EXPECT_EQ(settings.input.std, (std::array<float, 3>{1, 2, 4}));
    EXPECT_EQ(settings.size.to_string(), "max:960");
    EXPECT_FLOAT_EQ(settings.postprocess.threshold, 0.25f);
    EXPECT_FLOAT_EQ(settings.postprocess.box_threshold, 0.5f);
    EXPECT_EQ(settings.postprocess.unclip, Unclip::exact);
    EXPECT_FLOAT_EQ(settings.postprocess.unclip_ratio, 1.8f);
    EXPECT_FLOAT_EQ(settings.postprocess.shrink_ratio, 0.5f);
    EXPECT_FLOAT_EQ(settings.postprocess.min_size, 4);
    EXPECT_EQ(settings.postprocess.max_candidates, 77);
    EXPECT_EQ(settings.postprocess.score_mode, ScoreMode::box);
}

TEST(Settings, AnExplicitPresetKeepsTheModelsInputOnly) {
    const ModelSettings settings = settings_of(
        {{"dbnet.mean", "0.1,0.2,0.3"}, {"dbnet.box_threshold", "0.9"}, {"dbnet.size", "640"}},
        Preset::mmocr);
    EXPECT_EQ(settings.preset, Preset::mmocr);
    EXPECT_EQ(settings.input.mean, (std::array<float, 3>{0.1f, 0.2f, 0.3f}));
    EXPECT_EQ(settings.size.to_string(), "keep:736x1333");
    EXPECT_EQ(settings.postprocess.box_threshold,
              PostprocessOptions::of(Preset::mmocr).box_threshold);
}

TEST(Settings, NameTheKeyThatMakesNoSense) {
    const std::vector<std::pair<std::string, std::string>> broken{
        {"color_order", "HSV"},  {"mean", "1,2"},        {"mean", "1,2,3,4"},
        {"std", "1,0,1"},        {"std", "a,b,c"},       {"size", "enormous"},
        {"threshold", "1.5"},    {"threshold", "nan"},   {"box_threshold", "-0.1"},
        {"unclip", "sometimes"}, {"unclip_ratio", "0"},  {"shrink_ratio", "1"},
        {"min_size", "-1"},      {"max_candidates", ""}, {"score_mode", "slow"},
        {"max_candidates", "0"}};
    for (const auto& [key, value] : broken) {
        SCOPED_TRACE(key + " = " + value);
        EXPECT_THAT(error_of([&] {
                        settings_of({{"dbnet." + key, value}}, std::nullopt);
                    }),
                    HasSubstr("dbnet." + key));
    }
}

TEST(Settings, OptionsOverrideTheModel) {
    const ModelSettings settings =
        settings_of({{"dbnet.threshold", "0.25"}, {"dbnet.min_size", "4"}}, std::nullopt);
    DetectOptions options;
    options.threshold = 0.4f;
    options.unclip = Unclip::exact;
    options.dilate = true;
    options.explain = true;
    const PostprocessOptions merged = merge(settings, options);
    EXPECT_FLOAT_EQ(merged.threshold, 0.4f);
    EXPECT_FLOAT_EQ(merged.min_size, 4);
    EXPECT_EQ(merged.unclip, Unclip::exact);
    EXPECT_TRUE(merged.dilate);
    EXPECT_TRUE(merged.explain);
}

TEST(Settings, OptionsOutOfRangeAreNamed) {
    const ModelSettings settings = settings_of({}, Preset::native);
    const auto refused = [&](auto member, auto value) {
        DetectOptions options;
        options.*member = value;
        return error_of([&] { merge(settings, options); });
    };
    EXPECT_THAT(refused(&DetectOptions::threshold, 1.1f), HasSubstr("threshold is 1.1"));
    EXPECT_THAT(refused(&DetectOptions::threshold, std::nanf("")), HasSubstr("threshold"));
    EXPECT_THAT(refused(&DetectOptions::box_threshold, -0.5f), HasSubstr("box_threshold"));
    EXPECT_THAT(refused(&DetectOptions::unclip_ratio, 0.f), HasSubstr("unclip_ratio"));
    EXPECT_THAT(refused(&DetectOptions::shrink_ratio, 1.f), HasSubstr("shrink_ratio"));
    EXPECT_THAT(refused(&DetectOptions::min_size, -1.f), HasSubstr("min_size"));
    EXPECT_THAT(refused(&DetectOptions::max_candidates, 0), HasSubstr("max_candidates"));
}

TEST(Preset, NamesRoundTripAndUnknownOnesListTheRest) {
    for (const Preset preset : {Preset::native, Preset::mhliao, Preset::mmocr, Preset::paddle})
        EXPECT_EQ(preset_named(to_string(preset)), preset);
    EXPECT_THAT(error_of([] { preset_named("padle"); }),
                HasSubstr("native, mhliao, mmocr, paddle"));
}

}  // namespace
}  // namespace dbnet::detect
