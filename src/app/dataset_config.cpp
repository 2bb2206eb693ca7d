#include "app/dataset_config.hpp"

#include <algorithm>

namespace dbnet::app {
namespace {

/// Calls the same functions as train::visit_options(); `Spec` is DatasetSpec, const or not.
template <typename Visitor, typename Spec>
void visit(Visitor& visitor, Spec& spec) {
    visitor.value("format", spec.format);
    visitor.value("images", spec.images);
    visitor.value("labels", spec.labels);
    visitor.value("split", spec.split);
    visitor.number("weight", spec.weight, 0);
    visitor.value("resize", spec.resize);
    visitor.value("unlabelled", spec.unlabelled);
}

void check_format(const ConfigValue& map, const std::string& name) {
    std::vector<std::string_view> readable;
    for (const formats::Format* format : formats::all()) {
        if (format->read == nullptr) continue;
        if (format->name == name) return;
        readable.push_back(format->name);
    }
    const YamlNode& node = *map.node.find("format");
    core::fail(node.fault(), node.place(), ": ", map.path, ": ",
               unknown_name("format", name, readable));
}

data::DatasetSpec read_spec(const ConfigValue& value) {
    data::DatasetSpec spec;
    spec.format = "icdar";
    ConfigReader reader(value);
    visit(reader, spec);
    reader.finish();
    if (spec.images.empty())
        core::fail(value.node.fault(), value.node.place(), ": ", value.path,
                   " has no images, expected a folder");
    if (spec.format != "icdar") check_format(value, spec.format);
    return spec;
}

}  // namespace

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
    visit(writer, spec);
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
