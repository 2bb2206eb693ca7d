#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "data/dataset.hpp"

// What is wrong with a data set (docs/data.md, "Checking a data set").
namespace dbnet::app {

enum class Severity {
    error,    ///< an image or a text is lost, or would be learnt wrongly
    warning,  ///< it is used, but may be a slip
    note,     ///< good to know
};

std::string_view to_string(Severity severity) noexcept;

struct Finding {
    Severity severity = Severity::error;
    std::string_view kind;  ///< what it is, for programs: one of those in docs/data.md
    std::string file;
    std::size_t line = 0;  ///< 0: the file has no lines, or it is about all of it
    std::string message;   ///< for a person, without the place
};

/// "gts/gt_1.txt:3: error: the outline crosses itself"
std::string to_text(const Finding& finding);
struct DataCheckHooks {
    std::function<void(const Finding&)> on_finding;  ///< in the order of the images
    std::function<void(std::size_t done, std::size_t images)> progress;
    std::function<bool()> interrupted;
    std::function<void(const std::string&)> on_note = {};  ///< what was recognised
};

struct DataCheckSummary {
    std::size_t images = 0;  ///< checked
    std::size_t usable = 0;  ///< of these, images that can be read
    std::size_t texts = 0;
    std::size_t ignored = 0;  ///< of these
    std::size_t errors = 0;
    std::size_t warnings = 0;
    std::size_t notes = 0;
    std::map<std::string, std::size_t> skipped;  ///< what is no text by design: "a circle"
    bool interrupted = false;
};

/// Findings as a JSON document, {"findings": [{"severity": "error", "kind": "crossing", "file":
/// "gts/gt_1.txt", "line": 3, "message": "..."}, ...], "images": 2, ...}; `line` is left out where
/// there is none. Without finish() nothing remains. Members throw Error{io}.
class FindingsFile {
public:
    explicit FindingsFile(const std::string& path);
    void add(const Finding& finding);
    void finish(const DataCheckSummary& summary);

private:
    core::AtomicFile file_;
    bool empty_ = true;
};

/// Reads every image and every annotation on `threads` threads and goes on after each finding. The
/// findings do not depend on the threads; a few images are in memory at a time. Images that show
/// the same as one of the data sets `against` are found, too: what a network has seen in training
/// says nothing about it in validation. Throws as data::list_images() does, and
/// Error{invalid_argument} for pictures that are made.
DataCheckSummary check_data(const std::vector<data::DatasetSpec>& specs,
                            const std::vector<data::DatasetSpec>& against, int threads,
                            const DataCheckHooks& hooks);

}  // namespace dbnet::app
