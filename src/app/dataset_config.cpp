#include "app/dataset_config.hpp"

#include <algorithm>
#include <memory>

namespace dbnet::app {
namespace {

constexpr std::string_view kSynthetic = "synth";

// The same functions read and write, as train::visit_options() does; specifications and options are
// const or not.

/// Where images with annotations are.
template <typename Visitor, typename Spec>
void visit_files(Visitor& visitor, Spec& spec) {
    visitor.value("images", spec.images);
    visitor.value("labels", spec.labels);
    visitor.value("unlabelled", spec.unlabelled);
    visitor.value("strict", spec.strict);
}

/// How a data set is used.
template <typename Visitor, typename Spec>
void visit_use(Visitor& visitor, Spec& spec) {
    visitor.value("split", spec.split);
    visitor.value("holdout", spec.holdout);
    visitor.number("weight", spec.weight, 0);
    visitor.value("resize", spec.resize);
}

template <typename Visitor, typename Options>
void visit_synthetic(Visitor& visitor, Options& options) {
    visitor.number("count", options.count, 0);
    visitor.number("seed", options.seed, 0);
    visitor.number("width", options.size.width, 0);
    visitor.number("height", options.size.height, 0);
    visitor.value("words", options.words);
    visitor.value("fonts", options.fonts);
    visitor.value("backgrounds", options.backgrounds);
    visitor.number("texts", options.texts, 0);
    visitor.number("curved", options.curved, 0);
    visitor.number("min_height", options.min_height, 0);
    visitor.value("unit", options.unit);
    visitor.value("noise", options.camera.noise);
    visitor.value("jpeg", options.camera.jpeg);
}

void check_format(const ConfigValue& map, const std::string& name) {
    std::vector<std::string_view> readable;
    for (const formats::Format* format : formats::all()) {
        if (format->read == nullptr) continue;
        if (format->name == name) return;
        readable.push_back(format->name);
    }
    if (data::is_without_labels(name)) return;
    readable.insert(readable.end(), {data::kNoText, data::kUnlabelled, kSynthetic});
    const YamlNode& node = *map.node.find("format");
    core::fail(node.fault(), node.place(), ": ", map.path, ": ",
               unknown_name("format", name, readable));
}

void check_files(const ConfigValue& value, const data::DatasetSpec& spec) {
    if (spec.images.empty())
        core::fail(value.node.fault(), value.node.place(), ": ", value.path,
                   " has no images, expected a folder");
    if (!spec.format.empty()) check_format(value, spec.format);
}

void make_generator(const ConfigValue& value, const synth::SynthOptions& pictures,
                    data::DatasetSpec& spec) {
    spec.images = core::concat(kSynthetic, "-", pictures.seed);
    try {
        spec.source = std::make_shared<synth::Generator>(pictures);
    } catch (const Error& error) {
        core::fail(error.code() == ErrorCode::invalid_argument ? value.node.fault() : error.code(),
                   value.node.place(), ": ", value.path, ": ", error.what());
    }
}

data::DatasetSpec read_spec(const ConfigValue& value) {
    data::DatasetSpec spec;
    ConfigReader reader(value);
    reader.value("format", spec.format);
    synth::SynthOptions pictures;
    const bool synthetic = spec.format == kSynthetic;
    if (synthetic)
        visit_synthetic(reader, pictures);
    else
        visit_files(reader, spec);
    visit_use(reader, spec);
    reader.finish();
    if (synthetic)
        make_generator(value, pictures, spec);
    else
        check_files(value, spec);
    return spec;
}

}  // namespace

void read_value(const ConfigValue& value, std::optional<data::DatasetSpec>& photographs) {
    if (value.node.kind == YamlNode::Kind::null) return photographs.reset();
    data::DatasetSpec& spec = photographs.emplace();
    ConfigReader reader(value);
    reader.value("format", spec.format);
    visit_files(reader, spec);
    reader.finish();
    check_files(value, spec);
}

void write_value(YamlNode& node, const std::optional<data::DatasetSpec>& photographs) {
    if (!photographs) return;
    ConfigWriter writer(node);
    writer.value("format", photographs->format);
    visit_files(writer, *photographs);
}

void read_value(const ConfigValue& value, std::vector<data::DatasetSpec>& specs) {
    specs.clear();
    if (value.node.kind == YamlNode::Kind::map) {
        specs.push_back(read_spec(value));
        return;
    }
    for (const ConfigValue& item : value.items("a data set or a list of them"))
        specs.push_back(read_spec(item));
}

void read_value(const ConfigValue& value, data::ResizeRule& rule) {
    try {
        rule = data::ResizeRule::parse(value.text());
    } catch (const Error&) {
        value.refuse("HEIGHTxWIDTH or the shorter side, each from 16 to 16384");
    }
}

void write_value(YamlNode& node, const data::DatasetSpec& spec) {
    ConfigWriter writer(node);
    writer.value("format", spec.format);
    if (const auto* generator = dynamic_cast<const synth::Generator*>(spec.source.get()))
        visit_synthetic(writer, generator->options());
    else
        visit_files(writer, spec);
    visit_use(writer, spec);
}

void write_value(YamlNode& node, const synth::SynthOptions& options) {
    ConfigWriter writer(node);
    writer.value("format", std::string(kSynthetic));
    visit_synthetic(writer, options);
}

void read_value(const ConfigValue& value, data::Holdout& holdout) {
    try {
        if (value.node.kind != YamlNode::Kind::list) {
            holdout = data::Holdout::parse(value.text());
            return;
        }
        std::string names;
        for (const ConfigValue& item : value.items("names of images"))
            names.append(names.empty() ? "" : ",").append(item.text());
        holdout = data::Holdout::parse(names);
    } catch (const Error&) {
        value.refuse("a part of parts such as 2/4, or names of images: [a, b, c]");
    }
}

void write_value(YamlNode& node, const data::Holdout& holdout) {
    write_value(node, holdout.to_string());
}

void write_value(YamlNode& node, const data::ResizeRule& rule) {
    write_value(node, rule.to_string());
}

std::vector<data::DatasetSpec> read_datasets(const std::string& file) {
    const YamlNode root = read_yaml(file);
    std::vector<data::DatasetSpec> specs;
    if (root.find("data") == nullptr) {
        read_value({root, "data"}, specs);
        return specs;
    }
    ConfigReader reader({root, ""});
    reader.value("data", specs);
    reader.finish();
    return specs;
}

}  // namespace dbnet::app
