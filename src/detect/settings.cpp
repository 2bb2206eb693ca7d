#include "detect/settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/error.hpp"

namespace dbnet {
namespace {

constexpr std::array<Preset, 4> kPresets{Preset::native, Preset::mhliao, Preset::mmocr,
                                         Preset::paddle};

}  // namespace

std::string_view to_string(Preset preset) noexcept {
    switch (preset) {
        case Preset::native: return "native";
        case Preset::mhliao: return "mhliao";
        case Preset::mmocr: return "mmocr";
        case Preset::paddle: return "paddle";
    }
    return "unknown";
}

Preset preset_named(std::string_view name) {
    for (const Preset preset : kPresets)
        if (name == to_string(preset)) return preset;
    std::string names;
    for (const Preset preset : kPresets)
        names += core::concat(names.empty() ? "" : ", ", to_string(preset));
    core::fail(ErrorCode::invalid_argument, "unknown preset '", name, "', expected one of ", names);
}

}  // namespace dbnet

namespace dbnet::detect {
namespace {

constexpr std::string_view kPrefix = "dbnet.";

/// Reads single keys and names the offender when a value makes no sense.
class Reader {
public:
    explicit Reader(const Metadata& metadata) : metadata_(metadata) {}

    const std::string* find(const char* key) const {
        const auto found = metadata_.find(std::string(kPrefix) + key);
        return found == metadata_.end() ? nullptr : &found->second;
    }

    /// Replaces `value` by the number under the key, if there is one; it must lie in [low, high].
    template <typename Number>
    void number(const char* key, Number low, Number high, Number& value) const {
        const std::string* text = find(key);
        if (text == nullptr) return;
        const float parsed = parse(*text, key);
        if (!(parsed >= static_cast<float>(low) && parsed <= static_cast<float>(high)))
            refuse(key, *text, core::concat("a number from ", low, " to ", high));
        value = static_cast<Number>(parsed);
    }

    void triple(const char* key, std::array<float, 3>& value) const {
        const std::string* text = find(key);
        if (text == nullptr) return;
        std::size_t begin = 0;
        for (std::size_t i = 0; i < value.size(); ++i) {
            const std::size_t end = std::min(text->find(',', begin), text->size());
            if (begin > text->size() || (i < 2) == (end == text->size()))
                refuse(key, *text, "three numbers a,b,c");
            value[i] = parse(text->substr(begin, end - begin), key);
            begin = end + 1;
        }
    }

    /// Replaces `value` by the one of `choices` that the key names.
    template <typename Value, std::size_t N>
    void choice(const char* key, const std::array<std::pair<std::string_view, Value>, N>& choices,
                Value& value) const {
        const std::string* text = find(key);
        if (text == nullptr) return;
        std::string names;
        for (const auto& [name, meaning] : choices) {
            if (*text == name) {
                value = meaning;
                return;
            }
            names += (names.empty() ? "" : " or ") + std::string(name);
        }
        refuse(key, *text, names);
    }

    [[noreturn]] static void refuse(const char* key, const std::string& text,
                                    const std::string& expected) {
        core::fail(ErrorCode::malformed, "model metadata ", kPrefix, key, " is '",
                   text.substr(0, 80), "', expected ", expected);
    }

private:
    static float parse(std::string_view text, const char* key) {
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
        float value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
            refuse(key, std::string(text), "a number");
        return value;
    }

    const Metadata& metadata_;
};

constexpr std::array<std::pair<std::string_view, ChannelOrder>, 2> kOrders{
    {{"RGB", ChannelOrder::rgb}, {"BGR", ChannelOrder::bgr}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kOutputActivations{
    {{"none", false}, {"sigmoid", true}}};
constexpr std::array<std::pair<std::string_view, Unclip>, 2> kUnclips{
    {{"ratio", Unclip::ratio}, {"exact", Unclip::exact}}};
constexpr std::array<std::pair<std::string_view, ScoreMode>, 2> kScoreModes{
    {{"outline", ScoreMode::outline}, {"box", ScoreMode::box}}};

InputSpec input_of(Preset preset) {
    switch (preset) {
        case Preset::mhliao:  // specification, 0.3: BGR pixels with means in RGB order
            return {ChannelOrder::bgr,
                    {122.67891434f / 255, 116.66876762f / 255, 104.00698793f / 255},
                    {1, 1, 1},
                    true};
        case Preset::mmocr:
            return {ChannelOrder::rgb,
                    {123.675f / 255, 116.28f / 255, 103.53f / 255},
                    {58.395f / 255, 57.12f / 255, 57.375f / 255},
                    false};
        case Preset::paddle:
            return {ChannelOrder::bgr, {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}, false};
        case Preset::native: break;
    }
    return {};
}

SizeRule size_of(Preset preset) {
    switch (preset) {
        case Preset::mmocr: return {SizeRule::Kind::keep_ratio, 736, 1333};
        case Preset::paddle: return {SizeRule::Kind::max_side, 960, 0};
        case Preset::mhliao:
        case Preset::native: break;
    }
    return {SizeRule::Kind::short_side, 736, 0};
}

/// Whether the metadata says all about the network's input: then it is one of ours.
bool describes_input(const Reader& reader) {
    return reader.find("color_order") && reader.find("mean") && reader.find("std");
}

Preset preset_of(const Reader& reader) {
    Preset preset = describes_input(reader) ? Preset::native : Preset::paddle;
    constexpr std::array<std::pair<std::string_view, Preset>, 4> kNames{
        {{"native", Preset::native},
         {"mhliao", Preset::mhliao},
         {"mmocr", Preset::mmocr},
         {"paddle", Preset::paddle}}};
    reader.choice("preset", kNames, preset);
    return preset;
}

void read_input(const Reader& reader, InputSpec& input) {
    reader.choice("color_order", kOrders, input.order);
    reader.triple("mean", input.mean);
    reader.triple("std", input.std);
    for (const float std : input.std)
        if (!(std > 0)) Reader::refuse("std", *reader.find("std"), "three numbers above 0");
}

void read_size(const Reader& reader, SizeRule& rule) {
    const std::string* size = reader.find("size");
    if (size == nullptr) return;
    try {
        rule = SizeRule::parse(*size);
    } catch (const Error& error) {
        Reader::refuse("size", *size, error.what());
    }
}

void read_postprocess(const Reader& reader, PostprocessOptions& options) {
    reader.number("threshold", 0.f, 1.f, options.threshold);
    reader.number("box_threshold", 0.f, 1.f, options.box_threshold);
    reader.choice("unclip", kUnclips, options.unclip);
    reader.number("unclip_ratio", 0.01f, 100.f, options.unclip_ratio);
    reader.number("shrink_ratio", 0.01f, 0.99f, options.shrink_ratio);
    reader.number("min_size", 0.f, 1000.f, options.min_size);
    reader.number("max_candidates", 1, 1'000'000, options.max_candidates);
    reader.choice("score_mode", kScoreModes, options.score_mode);
}

/// Takes over an option that was given, after checking its range.
template <typename Value>
void take(const std::optional<Value>& given, const char* name, double low, double high,
          Value& value) {
    if (!given) return;
    if (!(*given >= static_cast<Value>(low) && *given <= static_cast<Value>(high)))
        core::fail(ErrorCode::invalid_argument, name, " is ", *given, ", expected a value from ",
                   low, " to ", high);
    value = *given;
}

}  // namespace

ModelSettings settings_of(const Metadata& metadata, std::optional<Preset> preset) {
    const Reader reader(metadata);
    ModelSettings settings;
    settings.preset = preset ? *preset : preset_of(reader);
    settings.input = input_of(settings.preset);
    settings.size = size_of(settings.preset);
    settings.postprocess = PostprocessOptions::of(settings.preset, Outline::quad);
    settings.postprocess_polygons = PostprocessOptions::of(settings.preset, Outline::polygon);
    read_input(reader, settings.input);
    if (reader.find("output_activation") != nullptr) {
        bool logits = false;
        reader.choice("output_activation", kOutputActivations, logits);
        settings.logits = logits;
    }
    if (preset && *preset != Preset::native) return settings;
    read_size(reader, settings.size);
    read_postprocess(reader, settings.postprocess);
    read_postprocess(reader, settings.postprocess_polygons);
    if (!preset && !describes_input(reader) && !reader.find("preset"))
        settings.warnings.push_back(
            "the model's metadata does not describe its input: preset paddle is used (BGR, "
            "ImageNet "
            "mean and std); choose another preset if it was trained otherwise");
    return settings;
}

PostprocessOptions merge(const ModelSettings& settings, const DetectOptions& options) {
    PostprocessOptions merged =
        options.outline == Outline::polygon ? settings.postprocess_polygons : settings.postprocess;
    constexpr double kLargest = 1e6;
    take(options.threshold, "threshold", 0, 1, merged.threshold);
    take(options.box_threshold, "box_threshold", 0, 1, merged.box_threshold);
    take(options.unclip_ratio, "unclip_ratio", 0.01, 100, merged.unclip_ratio);
    take(options.shrink_ratio, "shrink_ratio", 0.01, 0.99, merged.shrink_ratio);
    take(options.min_size, "min_size", 0, kLargest, merged.min_size);
    take(options.max_candidates, "max_candidates", 1, std::numeric_limits<int>::max(),
         merged.max_candidates);
    merged.unclip = options.unclip.value_or(merged.unclip);
    merged.score_mode = options.score_mode.value_or(merged.score_mode);
    merged.dilate = options.dilate.value_or(merged.dilate);
    merged.explain = options.explain;
    return merged;
}

}  // namespace dbnet::detect
