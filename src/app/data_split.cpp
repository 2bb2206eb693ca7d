// An image's place between 0 and 1 is drawn from its name and the seed; the parts divide this range
// by their shares. So an image stays in its part when others come or go.
#include "app/data_split.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>

#include "app/dataset_config.hpp"
#include "app/output_folder.hpp"
#include "app/picture_likeness.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/log.hpp"
#include "core/random.hpp"
#include "formats/formats.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

class Splitting {
public:
    Splitting(const SplitOptions& options, const SplitHooks& hooks)
        : options_(options),
          hooks_(hooks),
          spec_(data::recognised(options.spec, [](const std::string& what) {
              core::log(core::LogLevel::info, what);
          })) {
        summary_.parts = options.parts;
        double total = 0;
        for (const SplitPart& part : options.parts) total += part.share;
        double end = 0;
        for (const SplitPart& part : options.parts) ends_.push_back(end += part.share / total);
    }

    SplitSummary run() {
        const data::Listing listing = data::list_images(spec_);
        for (const auto* problems : {&listing.problems, &listing.unusable})
            for (const std::string& what : *problems) problem(what);
        open();
        std::size_t done = 0;
        for (const data::LabelledImage& image : listing.images) {
            summary_.interrupted = hooks_.interrupted && hooks_.interrupted();
            if (summary_.interrupted) return summary_;
            add(image);
            if (hooks_.progress) hooks_.progress(++done, listing.images.size());
        }
        for (const auto& writer : writers_) writer->finish();
        for (const SplitPart& part : options_.parts) write_dataset(part.name);
        return summary_;
    }

private:
    void problem(const std::string& what) {
        if (spec_.strict) core::fail(ErrorCode::malformed, what);
        if (hooks_.on_problem) hooks_.on_problem(what);
    }

    std::string file(const std::string& part, std::string_view extension) const {
        return (fs::path(options_.folder) / (part + std::string(extension))).string();
    }

    void open() {
        make_folder(options_.folder);
        for (const SplitPart& part : options_.parts)
            writers_.push_back(formats::find("jsonl")->open(file(part.name, ".jsonl"), {}));
    }

    std::size_t drawn(const std::string& name) const {
        const double place = core::Random(options_.seed, "split:" + name).uniform(0, 1);
        const auto part = std::ranges::find_if(ends_, [&](double end) { return place < end; });
        return std::min(static_cast<std::size_t>(part - ends_.begin()), ends_.size() - 1);
    }

    /// The name of the image that decides for this one: the first that is like it.
    std::string deciding(const std::string& image, const std::string& name, data::Size& size) {
        if (!options_.keep_alike_together) return name;
        const Image picture = Image::read(image);
        size = {picture.width(), picture.height()};
        const Fingerprint print = fingerprint(picture);
        if (const std::optional<std::string> first = pictures_.find(print)) {
            ++summary_.alike;
            return *first;
        }
        pictures_.add(print, name);
        return name;
    }

    void add(const data::LabelledImage& image) {
        try {
            const std::string name =
                fs::path(image.image).lexically_relative(spec_.images).string();
            data::Size size;
            const std::size_t part = drawn(deciding(image.image, name, size));
            formats::Record record =
                data::read_record(spec_, image, [&](const Error& error) { problem(error.what()); });
            record.image = name;
            if (record.width == 0 && size.width == 0) size = data::upright_size(image.image);
            if (record.width == 0) record.width = size.width;
            if (record.height == 0) record.height = size.height;
            ++summary_.parts[part].images;
            summary_.parts[part].texts += record.regions.size();
            writers_[part]->add(record);
        } catch (const Error& error) {
            if (spec_.strict) throw;
            problem(error.what());
        }
    }

    void write_dataset(const std::string& part) const {
        data::DatasetSpec spec;
        spec.format = "jsonl";
        spec.images = spec_.images;
        spec.labels = file(part, ".jsonl");
        YamlNode node;
        node.kind = YamlNode::Kind::map;
        write_value(node, spec);
        core::write_file(file(part, ".yaml"), write_yaml(node));
    }

    const SplitOptions& options_;
    const SplitHooks& hooks_;
    const data::DatasetSpec spec_;
    std::vector<double> ends_;  ///< of the parts, in 0 to 1
    std::vector<std::unique_ptr<formats::RecordWriter>> writers_;
    PictureIndex pictures_;
    SplitSummary summary_;
};

}  // namespace

std::vector<SplitPart> parse_parts(const std::string& text) {
    std::vector<SplitPart> parts;
    std::set<std::string> names;
    const auto refuse = [&] {
        core::fail(ErrorCode::invalid_argument, "'", text,
                   "' is no division, expected names and shares: train=0.8,val=0.1,test=0.1");
    };
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        const std::string part = text.substr(begin, comma - begin);
        const std::size_t sign = part.find('=');
        if (sign == std::string::npos || sign == 0) refuse();
        SplitPart result{part.substr(0, sign)};
        const char* const last = part.data() + part.size();
        const auto [end, error] = std::from_chars(part.data() + sign + 1, last, result.share);
        const bool is_name = result.name.find_first_of("/\\") == std::string::npos &&
                             !result.name.starts_with('.') && names.insert(result.name).second;
        if (error != std::errc() || end != last || !(result.share > 0 && result.share <= 1e6) ||
            !is_name)
            refuse();
        parts.push_back(std::move(result));
        begin = comma + 1;
    }
    return parts;
}

SplitSummary split(const SplitOptions& options, const SplitHooks& hooks) {
    if (options.spec.source != nullptr)
        core::fail(ErrorCode::invalid_argument, options.spec.images,
                   ": these pictures are made, not read: there is nothing to divide");
    return Splitting(options, hooks).run();
}

}  // namespace dbnet::app
