#include "app/data_convert.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "app/output_folder.hpp"
#include "core/error.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;
using formats::Format;
using formats::Record;
using formats::RecordRegion;

/// What one format cannot say.
struct Loss {
    std::size_t words = 0;
    std::size_t illegible = 0;
};

class Conversion {
public:
    Conversion(const ConvertOptions& options, const ConvertHooks& hooks)
        : options_(options), hooks_(hooks) {
        write_.shape = options.shape;
        write_.annotations = true;
        for (const Format* format : options_.formats) {
            const fs::path folder = fs::path(options_.folder) / format->name;
            make_folder(folder.string());
            if (format->one_file())
                writers_.push_back(format->open(
                    (folder / format->label_name(common_name(*format))).string(), write_));
        }
    }

    ConvertSummary run() {
        for (const data::DatasetSpec& spec : options_.specs)
            if (!summary_.interrupted) convert(data::recognised(spec, hooks_.on_note));
        if (summary_.interrupted) return summary_;
        for (const auto& writer : writers_) writer->finish();
        for (const auto& [format, loss] : losses_) {
            if (loss.words > 0)
                summary_.lost.push_back(core::concat("the format ", format->name,
                                                     " has no words: those of ", loss.words,
                                                     " texts are not written"));
            if (loss.illegible > 0)
                summary_.lost.push_back(core::concat(
                    "the format ", format->name,
                    " has no mark for illegible text: ", loss.illegible, " texts are left out"));
        }
        return summary_;
    }

private:
    /// Name of a file for all images, as the format has it.
    static std::string common_name(const Format& format) {
        return format.labels.usual.empty() ? "labels"
                                           : fs::path(format.labels.usual).stem().string();
    }

    void problem(const std::string& what) {
        ++summary_.problems;
        if (hooks_.on_problem) hooks_.on_problem(what);
    }

    void fail(const std::string& what) {
        ++summary_.failed;
        problem(what);
    }

    void convert(const data::DatasetSpec& spec) {
        const data::Listing listing = data::list_images(spec);
        for (const std::string& what : listing.problems) {
            if (spec.strict) core::fail(ErrorCode::malformed, what);
            fail(what);
        }
        for (const std::string& what : listing.unusable) problem(what);
        if (listing.more_unusable > 0)
            problem(core::concat(spec.images, ": ", listing.more_unusable, " more such problems"));
        for (const auto& [what, count] : listing.ignored) summary_.ignored[what] += count;
        for (const data::LabelledImage& image : listing.images) {
            summary_.interrupted = hooks_.interrupted && hooks_.interrupted();
            if (summary_.interrupted) return;
            convert(spec, image);
        }
    }

    void convert(const data::DatasetSpec& spec, const data::LabelledImage& image) {
        Record record;
        const auto take_ignored = [&](std::string_view what) {
            ++summary_.ignored[std::string(what)];
        };
        try {
            record = spec.strict
                         ? data::read_record(spec, image, {}, take_ignored)
                         : data::read_record(
                               spec, image, [&](const Error& error) { problem(error.what()); },
                               take_ignored);
            if (record.width == 0 || record.height == 0) {
                const data::Size size = data::upright_size(image.image);
                record.width = size.width;
                record.height = size.height;
            }
        } catch (const Error& error) {
            if (spec.strict) throw;
            return fail(error.what());
        }
        ++summary_.images;
        summary_.texts += record.regions.size();
        summary_.illegible +=
            static_cast<std::size_t>(std::ranges::count_if(record.regions, &RecordRegion::ignore));
        if (hooks_.on_record) hooks_.on_record(record);
        write(record, fs::path(image.image).lexically_relative(spec.images).string());
    }

    void write(const Record& record, const std::string& relative) {
        std::size_t writer = 0;
        for (const Format* format : options_.formats) {
            Record part = record;
            Loss& loss = losses_[format];
            for (const RecordRegion& region : part.regions)
                loss.words += !format->holds.words && !region.text.empty() && !region.ignore;
            if (!format->holds.illegible)
                loss.illegible += std::erase_if(part.regions, &RecordRegion::ignore);
            if (format->one_file()) {
                part.image = relative;
                writers_[writer++]->add(part);
            } else {
                write_file(*format, part, relative);
            }
        }
    }

    void write_file(const Format& format, const Record& record, const std::string& relative) {
        const fs::path stem = fs::path(relative).replace_extension();
        const std::string name = stem.filename().string();
        const std::string label =
            format.labels.extensions[0].empty() ? format.file_name(name) : format.label_name(name);
        const std::string path =
            (fs::path(options_.folder) / format.name / stem.parent_path() / label).string();
        if (!written_.insert(path).second)
            return fail(core::concat(record.image,
                                     ": its labels would replace those of another "
                                     "image in ",
                                     path));
        make_folder(fs::path(path).parent_path().string());
        formats::write_image_file(format, path, record, write_);
    }

    const ConvertOptions& options_;
    const ConvertHooks& hooks_;
    formats::WriteOptions write_;
    std::vector<std::unique_ptr<formats::RecordWriter>> writers_;
    std::map<const Format*, Loss> losses_;
    std::set<std::string> written_;
    ConvertSummary summary_;
};

}  // namespace

ConvertSummary convert(const ConvertOptions& options, const ConvertHooks& hooks) {
    for (const data::DatasetSpec& spec : options.specs)
        if (spec.source != nullptr)
            core::fail(ErrorCode::invalid_argument, spec.images,
                       ": these pictures are made, not read: there are no labels to convert");
    return Conversion(options, hooks).run();
}

}  // namespace dbnet::app
