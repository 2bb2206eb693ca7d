#pragma once

#include <string>
#include <vector>

#include "app/config_reader.hpp"
#include "data/dataset.hpp"

// Data sets in YAML: {format, images, labels, split, weight, resize, unlabelled} (docs/data.md).
namespace dbnet::app {

inline constexpr std::array<NamedValue<data::Split>, 3> kSplits{
    {{"all", data::Split::all}, {"train", data::Split::train}, {"holdout", data::Split::holdout}}};

inline constexpr std::array<NamedValue<data::Unlabelled>, 2> kUnlabelled{
    {{"error", data::Unlabelled::error}, {"negative", data::Unlabelled::negative}}};

template <>
struct WordsFor<data::Split> {
    static constexpr auto table = kSplits;
};
template <>
struct WordsFor<data::Unlabelled> {
    static constexpr auto table = kUnlabelled;
};

/// A data set or a list of them. Throws as ConfigReader.
void read_value(const ConfigValue& value, std::vector<data::DatasetSpec>& specs);
void read_value(const ConfigValue& value, data::ResizeRule& rule);

void write_value(YamlNode& node, const data::DatasetSpec& spec);
void write_value(YamlNode& node, const data::ResizeRule& rule);

/// A file that is a data set, or has one or a list of them below `data`. Throws as read_yaml() and
/// ConfigReader.
std::vector<data::DatasetSpec> read_datasets(const std::string& file);

}  // namespace dbnet::app
