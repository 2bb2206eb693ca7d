#include "app/train_config.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "app/dataset_config.hpp"
#include "app/option_names.hpp"
#include "detect/settings.hpp"
#include "model/onnx.hpp"
#include "train/option_fields.hpp"
#include "train/run_weights.hpp"

namespace dbnet::app {

namespace fs = std::filesystem;

template <>
struct WordsFor<train::Architecture> {
    static constexpr std::array<NamedValue<train::Architecture>, 4> table{
        {{"resnet18", train::Architecture::resnet18},
         {"mobilenet_v3_large", train::Architecture::mobilenet_v3_large},
         {"mobilenet_v3_large_half", train::Architecture::mobilenet_v3_large_half},
         {"init", train::Architecture::of_init}}};
};
template <>
struct WordsFor<data::Crop> {
    static constexpr std::array<NamedValue<data::Crop>, 3> table{
        {{"east", data::Crop::east}, {"window", data::Crop::window}, {"whole", data::Crop::whole}}};
};
template <>
struct WordsFor<data::TargetStyle> {
    static constexpr std::array<NamedValue<data::TargetStyle>, 2> table{
        {{"native", data::TargetStyle::native}, {"mhliao", data::TargetStyle::mhliao}}};
};
template <>
struct WordsFor<train::ProbabilityLoss> {
    static constexpr std::array<NamedValue<train::ProbabilityLoss>, 2> table{
        {{"balanced_bce", train::ProbabilityLoss::balanced_bce},
         {"dice", train::ProbabilityLoss::dice}}};
};
template <>
struct WordsFor<train::OptimizerOptions::Kind> {
    using Kind = train::OptimizerOptions::Kind;
    static constexpr std::array<NamedValue<Kind>, 3> table{
        {{"sgd", Kind::sgd}, {"adam", Kind::adam}, {"adamw", Kind::adamw}}};
};
template <>
struct WordsFor<train::ScheduleOptions::Kind> {
    using Kind = train::ScheduleOptions::Kind;
    static constexpr std::array<NamedValue<Kind>, 4> table{{{"constant", Kind::constant},
                                                            {"poly", Kind::poly},
                                                            {"cosine", Kind::cosine},
                                                            {"step", Kind::step}}};
};
template <>
struct WordsFor<train::Precision> {
    static constexpr std::array<NamedValue<train::Precision>, 4> table{
        {{"auto", train::Precision::automatic},
         {"f32", train::Precision::f32},
         {"bf16", train::Precision::bf16},
         {"f16", train::Precision::f16}}};
};
template <>
struct WordsFor<detect::ChannelOrder> {
    static constexpr std::array<NamedValue<detect::ChannelOrder>, 2> table{
        {{"rgb", detect::ChannelOrder::rgb}, {"bgr", detect::ChannelOrder::bgr}}};
};

// Values that are no plain numbers, texts or words.

void read_value(const ConfigValue& value, data::Size& size) {
    constexpr std::string_view kExpected = "HEIGHTxWIDTH or one number for both";
    const std::string text = value.text();
    const std::size_t cross = text.find('x');
    const auto side = [&](std::string_view digits) {
        int result = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), result);
        if (error != std::errc() || end != digits.data() + digits.size()) value.refuse(kExpected);
        return result;
    };
    size.height = side(std::string_view(text).substr(0, cross));
    size.width =
        cross == std::string::npos ? size.height : side(std::string_view(text).substr(cross + 1));
}

void write_value(YamlNode& node, const data::Size& size) {
    write_value(node, core::concat(size.height, 'x', size.width));
}

void read_value(const ConfigValue& value, SizeRule& rule) {
    try {
        rule = SizeRule::parse(value.text());
    } catch (const Error&) {
        value.refuse("736 (shorter side), 736x1280 (height x width), max:960, ...");
    }
}

void write_value(YamlNode& node, const SizeRule& rule) { write_value(node, rule.to_string()); }

void read_value(const ConfigValue& value, std::array<float, 3>& numbers) {
    const std::vector<ConfigValue> items = value.items("three numbers [a, b, c]");
    if (items.size() != numbers.size()) value.refuse("three numbers [a, b, c]");
    std::ranges::transform(items, numbers.begin(), &ConfigValue::number<float>);
}

void write_value(YamlNode& node, const std::array<float, 3>& numbers) {
    write_value(node, std::vector<float>(numbers.begin(), numbers.end()));
}

namespace {

template <typename Visitor, typename Input>
void visit_input(Visitor& visitor, Input& input) {
    visitor.value("order", input.order);
    visitor.value("mean", input.mean);
    visitor.value("std", input.std);
    visitor.value("resize_in_float", input.resize_in_float);
}

}  // namespace

/// The name of a preset, or what it consists of.
void read_value(const ConfigValue& value, detect::InputSpec& input) {
    if (value.node.kind == YamlNode::Kind::scalar) {
        input = detect::settings_of({}, value.word(kPresets)).input;
        return;
    }
    ConfigReader reader(value);
    visit_input(reader, input);
    reader.finish();
}

void write_value(YamlNode& node, const detect::InputSpec& input) {
    ConfigWriter writer(node);
    visit_input(writer, input);
}

namespace {

/// Where only weights are given, a network comes with them.
bool holds_network(const std::string& init) {
    std::error_code ignored;
    return init.ends_with(".onnx") || fs::is_directory(init, ignored);
}

bool says_input(const ConfigPlaces& places) {
    return std::ranges::any_of(
        places, [](const auto& place) { return (place.first + ".").starts_with("input."); });
}

/// What predict would give the detector that is trained further. What is wrong with the file, the
/// training says when it begins.
detect::InputSpec input_of_init(const train::StartOptions& start) {
    try {
        const auto metadata = model::read_onnx(train::weights_of(start.init)).metadata;
        const detect::ModelSettings settings = detect::settings_of(metadata, {});
        if (settings.preset == Preset::native || start.network_of_init) return settings.input;
    } catch (const Error&) {
    }
    return {};
}

bool can_be_read(const train::StartOptions& start) {
    std::error_code ignored;
    return start.init.empty() || fs::exists(start.init, ignored);
}

train::TrainOptions read_options(const YamlNode& root, ConfigPlaces& places) {
    train::TrainOptions options;
    ConfigReader reader({root, "", &places});
    train::visit_options(reader, options);
    reader.finish();
    if (!places.contains("model.backbone"))
        options.start.network_of_init = holds_network(options.start.init);
    if (!says_input(places) && holds_network(options.start.init))
        options.input = input_of_init(options.start);
    options.start.network.k = static_cast<float>(options.loss.k);
    options.start.network.seed = options.seed;
    return options;
}

/// Throws for the option, with the place of the nearest key above that was given.
[[noreturn]] void refuse(const train::OptionProblem& problem, const ConfigPlaces& places) {
    std::string key = problem.key;
    for (;;) {
        if (const auto found = places.find(key); found != places.end())
            core::fail(found->second->fault(), found->second->place(), ": ", problem.key, ' ',
                       problem.text);
        const std::size_t end = key.find_last_of(".[");
        if (end == std::string::npos)
            core::fail(ErrorCode::invalid_argument, problem.key, ' ', problem.text);
        key.resize(end);
    }
}

/// The values of the leaves by their paths.
void flatten(const YamlNode& node, const std::string& path,
             std::map<std::string, std::string>& values) {
    switch (node.kind) {
        case YamlNode::Kind::null: values[path] = ""; break;
        case YamlNode::Kind::scalar: values[path] = node.text; break;
        case YamlNode::Kind::list:
            for (std::size_t i = 0; i < node.items.size(); ++i)
                flatten(node.items[i], core::concat(path, '[', i, ']'), values);
            break;
        case YamlNode::Kind::map:
            for (const auto& [key, value] : node.members)
                flatten(value, path.empty() ? key : core::concat(path, '.', key), values);
            break;
    }
}

std::map<std::string, std::string> what_is_trained(const std::string& effective,
                                                   const std::string& source) {
    std::map<std::string, std::string> values;
    flatten(parse_yaml(effective, source), "", values);
    for (const char* how : {"cache_mb", "checkpoint_minutes", "device", "distill.cache",
                            "distill.cache_mb", "precision", "threads", "workers"})
        values.erase(how);
    return values;
}

/// Whether a run may go on with another value of the key, given its values before.
bool may_change(const std::string& key, const std::map<std::string, std::string>& before) {
    if (key == "epochs" || key.starts_with("validation.") || key.starts_with("data.val"))
        return true;
    const auto old = before.find(key);
    if (old == before.end())
        return !key.ends_with(']') && !key.starts_with("data.train") && key != "init" &&
               key != "distill.model";
    const bool is_path = key == "init" || (key.starts_with("data.train") &&
                                           (key.ends_with(".images") || key.ends_with(".labels")));
    std::error_code ignored;
    return is_path && !old->second.empty() && !fs::exists(old->second, ignored);
}

}  // namespace

TrainConfig read_train_config(const std::string& file,
                              const std::vector<std::string>& assignments) {
    YamlNode root;
    root.kind = YamlNode::Kind::map;
    if (!file.empty()) root = read_yaml(file);
    for (const std::string& assignment : assignments) assign(root, assignment);
    ConfigPlaces places;
    TrainConfig config;
    config.options = read_options(root, places);
    const std::vector<train::OptionProblem> problems = train::problems(config.options);
    if (!problems.empty()) refuse(problems.front(), places);
    config.name = file.empty() ? "train" : fs::path(file).stem().string();
    config.effective = write_train_options(config.options);
    config.misses_init = !can_be_read(config.options.start) &&
                         (!places.contains("model.backbone") || !says_input(places));
    return config;
}

void fill_in_from_run(TrainConfig& config, const std::string& effective_before) {
    if (!config.misses_init) return;
    ConfigPlaces places;
    const train::TrainOptions before =
        read_options(parse_yaml(effective_before, "the earlier configuration"), places);
    config.options.start.network_of_init = before.start.network_of_init;
    config.options.input = before.input;
    config.effective = write_train_options(config.options);
}

std::string write_train_options(const train::TrainOptions& options) {
    YamlNode root;
    ConfigWriter writer(root);
    train::visit_options(writer, options);
    return write_yaml(root);
}

Differences differences(const std::string& effective_before, const std::string& effective_now) {
    const auto before = what_is_trained(effective_before, "the earlier configuration");
    const auto now = what_is_trained(effective_now, "the configuration");
    std::set<std::string> keys;
    for (const auto& values : {before, now})
        for (const auto& [key, value] : values) keys.insert(key);
    const auto shown = [](const auto& values, const std::string& key) -> std::string {
        const auto found = values.find(key);
        return found == values.end() || found->second.empty() ? "(none)" : found->second;
    };
    Differences found;
    for (const std::string& key : keys) {
        const std::string old = shown(before, key);
        const std::string changed = shown(now, key);
        if (old == changed) continue;
        auto& lines = may_change(key, before) ? found.accepted : found.refused;
        lines.push_back(core::concat(key, ": ", old, " -> ", changed));
    }
    return found;
}

}  // namespace dbnet::app
