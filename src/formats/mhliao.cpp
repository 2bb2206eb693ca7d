// The data sets of MhLiao/DB: train_list.txt and test_list.txt name images, one a line, which lie
// in train_images and test_images; the labels in train_gts and test_gts are called NAME.jpg.txt, or
// gt_NAME.txt for ICDAR2015's test set, and have icdar-polygon's lines. In a folder whose path has
// "TD" (MSRA-TD500 and what is trained with it) the text is a flag: 1 is difficult.
#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "formats/icdar_polygon.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

namespace fs = std::filesystem;

bool is_image_name(std::string_view line) {
    const std::string name = lower(trim(line));
    constexpr std::string_view kExtensions[] = {".jpg", ".jpeg", ".png",  ".bmp",
                                                ".gif", ".tif",  ".tiff", ".webp"};
    return name.find('\t') == name.npos &&
           std::ranges::any_of(kExtensions, [&](auto end) { return name.ends_with(end); });
}

/// The list's name says which part of the data set it is of: "train", "test", ...
std::string part_of(const fs::path& list) {
    const std::string stem = list.stem().string();
    return stem.substr(0, stem.find('_'));
}

class Reader {
public:
    Reader(const Input& list, const RecordSink& sink)
        : list_(list),
          sink_(sink),
          folder_(fs::path(list.path).parent_path()),
          part_(part_of(list.path)),
          flags_(fs::absolute(list.path).parent_path().string().find("TD") != std::string::npos) {}

    void run() {
        LineReader lines(list_);
        for (std::string_view line; lines.next(line);) {
            const std::string name(trim(line));
            if (name.empty()) continue;
            sink_.part([&] {
                Record record = record_of(name, lines.place());
                record.line = lines.place().line;
                sink_(std::move(record));
            });
        }
    }

private:
    Record record_of(std::string name, const Place& place) {
        std::ranges::replace(name, '\\', '/');
        if (!is_image_name(name)) fail_at(place, "expected the name of an image");
        const std::string file = fs::path(name).filename().string();
        const std::string stem = fs::path(name).stem().string();
        Record record{part_ + "_images/" + file};
        record.aliases = {name};
        for (const std::string& label :
             {file + ".txt", "gt_" + stem + ".txt", stem + ".txt", "gt_" + file + ".txt"}) {
            try {
                read_labels(list_.at((folder_ / (part_ + "_gts") / label).string()), record);
                return record;
            } catch (const Error& error) {
                if (error.code() != ErrorCode::io) throw;
            }
        }
        fail_at(place, core::concat("no labels: there is no ",
                                    (folder_ / (part_ + "_gts") / (file + ".txt")).string()));
    }

    void read_labels(const Input& labels, Record& record) {
        LineReader lines(labels);
        for (std::string_view line; lines.next(line);) {
            if (trim(line).empty()) continue;
            sink_.part([&] {
                RecordRegion region = parse_polygon_line(line, lines.place());
                if (flags_) {
                    region.ignore = region.ignore || trim(region.text) == "1";
                    region.text.clear();
                }
                RecordSink::add(record, std::move(region));
            });
        }
    }

    const Input& list_;
    const RecordSink& sink_;
    fs::path folder_;
    std::string part_;
    bool flags_;
};

void read(const Input& input, const RecordSink& sink) { Reader(input, sink).run(); }

Likeness recognise(const Sample& sample) {
    if (sample.share(is_image_name) < 0.9) return {};
    return {80, "a list of names of images"};
}

}  // namespace

constinit const Format kMhliaoFormat{
    .name = "mhliao",
    .prefix = "",
    .extension = ".txt",
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common,
               .extensions = {".txt"},
               .usual = "train_list.txt"},
    .holds = {.words = true, .illegible = true},
    .used_by = "MhLiao/DB: `train_list.txt` beside `train_images`, `train_gts`",
    .illegible = "`###`; 1 in a folder with TD in its name"};

}  // namespace dbnet::formats
