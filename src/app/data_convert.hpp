#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "formats/formats.hpp"

// Labels of one format, written in others (docs/data.md, "Converting labels").
namespace dbnet::app {

struct ConvertOptions {
    std::vector<data::DatasetSpec> specs;
    std::vector<const formats::Format*> formats;  ///< that are written; none: records only
    std::string folder;                           ///< DIR/<format>/
    formats::Shape shape = formats::Shape::standard;
};

struct ConvertHooks {
    std::function<void(const formats::Record&)> on_record;  ///< in the order of the images
    std::function<void(const std::string&)> on_note;        ///< what was recognised
    std::function<void(const std::string&)> on_problem;     ///< what is left out, with its place
    std::function<bool()> interrupted;
};

struct ConvertSummary {
    std::size_t images = 0;
    std::size_t texts = 0;
    std::size_t illegible = 0;                   ///< of these
    std::size_t problems = 0;                    ///< parts that are left out
    std::size_t failed = 0;                      ///< images
    std::map<std::string, std::size_t> ignored;  ///< what is no text by design
    std::vector<std::string> lost;               ///< what a written format cannot say
    bool interrupted = false;
};

/// Reads the labels of every image and writes them; a part that cannot be used is told and left
/// out, unless the data set is strict: then it is an error. Files appear when they are complete.
/// Images are opened only where the labels do not say their size. Throws Error as
/// data::list_images() and the formats' readers and writers do.
ConvertSummary convert(const ConvertOptions& options, const ConvertHooks& hooks);

}  // namespace dbnet::app
