#include "app/output_folder.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "app/detection_files.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "image/draw.hpp"
#include "image/encode.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;
using formats::Format;

void make_folder_of(const std::string& file) { make_folder(fs::path(file).parent_path().string()); }

/// The path without its last extension: what all files about one image are named after.
std::string stem_of(const Input& input) {
    return fs::path(input.relative).replace_extension().string();
}

/// The regions drawn on the image: STEM.jpg and, of a picture that is larger than any screen,
/// STEM.preview.jpg; what no JPEG can hold has its preview as STEM.jpg.
void write_pictures(const std::string& stem, const ImageResult& result, formats::Shape shape) {
    constexpr int kHuge = 6000, kPreview = 2000, kLargestJpeg = 65'500;
    const int side = std::max(result.image.width(), result.image.height());
    const bool fits = side <= kLargestJpeg;
    if (side > kHuge) {
        Image preview = image::scaled_down(result.image, kPreview);
        draw_detection(preview, result.detection, shape);
        core::write_file(stem + (fits ? ".preview.jpg" : ".jpg"), image::encode_jpeg(preview));
    }
    if (!fits) return;
    draw_detection(result.image, result.detection, shape);
    core::write_file(stem + ".jpg", image::encode_jpeg(result.image));
}

/// Does it for each writer, then throws what went wrong first: one file that cannot be written
/// costs none of the others.
void for_all(const std::vector<std::unique_ptr<formats::RecordWriter>>& writers, auto action) {
    std::exception_ptr error;
    for (const auto& writer : writers) try {
            action(*writer);
        } catch (...) {
            if (!error) error = std::current_exception();
        }
    if (error) std::rethrow_exception(error);
}

}  // namespace

void make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) core::fail(ErrorCode::io, path, ": cannot make this folder: ", error.message());
}

OutputFolder::OutputFolder(OutputOptions options) : options_(std::move(options)) {}

std::string OutputFolder::path(std::string_view kind, const std::string& relative) const {
    return (fs::path(options_.folder) / kind / relative).string();
}

std::string OutputFolder::image_file(const Format& format, const Input& input) const {
    const fs::path stem = stem_of(input);
    return path(format.name,
                (stem.parent_path() / format.file_name(stem.filename().string())).string());
}

std::string OutputFolder::only_file(const Format& format) const {
    return path(format.name, format.file_name("predictions"));
}

std::vector<std::string> OutputFolder::refuse_clashes(std::vector<Input>& inputs) const {
    const bool only_common_files =
        !options_.images && !options_.crops && !options_.maps &&
        std::ranges::all_of(options_.formats, [](const Format* f) { return f->one_file(); });
    std::vector<std::string> refused;
    if (only_common_files) return refused;
    std::map<std::string, std::string> first_of;  // by stem
    std::erase_if(inputs, [&](const Input& input) {
        const auto [first, is_new] = first_of.emplace(stem_of(input), input.shown());
        if (!is_new)
            refused.push_back(core::concat(input.shown(), ": its results would replace those of ",
                                           first->second, " in ", options_.folder));
        return !is_new;
    });
    return refused;
}

bool OutputFolder::is_complete(const Input& input) const {
    const std::string stem = stem_of(input);
    const auto exists = [](const std::string& file) {
        std::error_code ignored;
        return fs::exists(file, ignored);
    };
    return (!options_.images || exists(path("image", stem + ".jpg"))) &&
           (!options_.crops || exists(path("crops", stem))) &&
           (!options_.maps || exists(path("maps", stem + ".json"))) &&
           std::ranges::all_of(options_.formats, [&](const Format* format) {
               return format->one_file() || exists(image_file(*format, input));
           });
}

void OutputFolder::skip_existing(std::vector<Input>& inputs) const {
    std::vector<std::set<std::string>> listed;  // images in each of the files for all images
    for (const Format* format : options_.formats) {
        if (!format->one_file()) continue;
        std::set<std::string>& images = listed.emplace_back();
        if (!fs::exists(only_file(*format))) continue;
        format->read(only_file(*format),
                     [&](formats::Record&& record) { images.insert(std::move(record.image)); });
    }
    std::erase_if(inputs, [&](const Input& input) {
        return is_complete(input) && std::ranges::all_of(listed, [&](const auto& images) {
                   return images.contains(input.shown());
               });
    });
}

void OutputFolder::open(const std::vector<Input>& inputs, bool keep) {
    std::set<std::string> renewed;
    for (const Input& input : inputs) renewed.insert(input.shown());
    for (const Format* format : options_.formats) {
        make_folder((fs::path(options_.folder) / format->name).string());
        if (!format->one_file()) continue;
        const std::string file = only_file(*format);
        formats::RecordWriter& writer = *writers_.emplace_back(format->open(file, options_.write));
        if (!keep || !fs::exists(file)) continue;
        format->read(file, [&](formats::Record&& record) {
            if (!renewed.contains(record.image)) writer.add(record);
        });
    }
}

void OutputFolder::write_image(const ImageResult& result) const {
    const std::string stem = stem_of(result.input);
    for (const Format* format : options_.formats) {
        if (format->one_file()) continue;
        const std::string file = image_file(*format, result.input);
        make_folder_of(file);
        formats::write_image_file(*format, file, result.record, options_.write);
    }
    if (options_.maps) {
        make_folder_of(path("maps", stem));
        write_map(path("maps", stem), result.input.shown(), result.detection.map, result.preset,
                  result.settings);
    }
    if (options_.crops) {
        make_folder(path("crops", stem));
        write_crops(path("crops", stem), result.image, result.detection);
    }
    if (options_.images) {
        make_folder_of(path("image", stem));
        write_pictures(path("image", stem), result, options_.write.shape);
    }
}

void OutputFolder::add(const formats::Record& record) {
    for_all(writers_, [&](formats::RecordWriter& writer) { writer.add(record); });
}

void OutputFolder::finish() {
    for_all(writers_, [](formats::RecordWriter& writer) { writer.finish(); });
}

}  // namespace dbnet::app
