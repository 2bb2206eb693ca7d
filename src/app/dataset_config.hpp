#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config_reader.hpp"
#include "data/dataset.hpp"
#include "synth/generator.hpp"

// Data sets in YAML: {format, images, labels, split, weight, resize, unlabelled, strict}, or of the
// format "synth" the options of the generator (docs/data.md).
namespace dbnet::app {

inline constexpr std::array<NamedValue<data::Split>, 3> kSplits{
    {{"all", data::Split::all}, {"train", data::Split::train}, {"holdout", data::Split::holdout}}};

inline constexpr std::array<NamedValue<data::Unlabelled>, 2> kUnlabelled{
    {{"error", data::Unlabelled::error}, {"negative", data::Unlabelled::negative}}};

inline constexpr std::array<NamedValue<synth::Unit>, 2> kUnits{
    {{"word", synth::Unit::word}, {"line", synth::Unit::line}}};

template <>
struct WordsFor<synth::Unit> {
    static constexpr auto table = kUnits;
};
template <>
struct WordsFor<data::Split> {
    static constexpr auto table = kSplits;
};
template <>
struct WordsFor<data::Unlabelled> {
    static constexpr auto table = kUnlabelled;
};

/// The photographs of a generator, if it has any.
void read_value(const ConfigValue& value, std::optional<data::DatasetSpec>& photographs);
void write_value(YamlNode& node, const std::optional<data::DatasetSpec>& photographs);

/// A data set or a list of them. Throws as ConfigReader.
void read_value(const ConfigValue& value, std::vector<data::DatasetSpec>& specs);
void read_value(const ConfigValue& value, data::ResizeRule& rule);
/// A part of parts (2/4), or the names of the images that are held back: a list, or a,b,c.
void read_value(const ConfigValue& value, data::Holdout& holdout);

void write_value(YamlNode& node, const data::DatasetSpec& spec);
/// As a data set of the format "synth".
void write_value(YamlNode& node, const synth::SynthOptions& options);
void write_value(YamlNode& node, const data::ResizeRule& rule);
void write_value(YamlNode& node, const data::Holdout& holdout);

/// A file that is a data set, or has one or a list of them below `data`. Throws as read_yaml() and
/// ConfigReader.
std::vector<data::DatasetSpec> read_datasets(const std::string& file);

}  // namespace dbnet::app
