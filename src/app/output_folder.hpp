#pragma once

#include <memory>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "app/sources.hpp"
#include "formats/formats.hpp"

namespace dbnet::app {

/// Makes the folder and those above it, unless they are there. Throws Error{io}.
void make_folder(const std::string& path);

struct OutputOptions {
    std::string folder;
    std::vector<const formats::Format*> formats;
    formats::WriteOptions write;
    bool images = false;  ///< DIR/image/NAME.jpg with the outlines drawn
    bool crops = false;   ///< DIR/crops/NAME/001.png, ...
    bool maps = false;    ///< DIR/maps/NAME.png and .json
};

/// What there is to write about one image.
struct ImageResult {
    const Input& input;
    const formats::Record& record;
    const Detection& detection;
    Image& image;  ///< drawn upon
    Preset preset;
    const DetectOptions& settings;  ///< complete
};

/// The folder that results go to: DIR/<format>/ with one file per image, at its path below SOURCE,
/// or with the one file predictions.*; and the folders of OutputOptions. All members throw
/// Error{io} for what cannot be written.
class OutputFolder {
public:
    explicit OutputFolder(OutputOptions options);

    /// Takes out of `inputs` each one that would write the same files as one before it, and gives a
    /// message for each.
    std::vector<std::string> refuse_clashes(std::vector<Input>& inputs) const;

    /// Takes out of `inputs` what earlier runs have written completely. Throws Error{malformed}
    /// when a file of theirs cannot be understood.
    void skip_existing(std::vector<Input>& inputs) const;

    /// Makes the folders and begins the files that hold all images; with `keep`, with what earlier
    /// runs wrote into them about images other than `inputs`.
    void open(const std::vector<Input>& inputs, bool keep);

    /// Writes the files that belong to one image. Any thread, several images at a time.
    void write_image(const ImageResult& result) const;

    /// Adds to the files that hold all images, as far as it can. In input order, one call at a
    /// time.
    void add(const formats::Record& record);

    /// Completes the files that hold all images, as far as it can.
    void finish();

private:
    std::string path(std::string_view kind, const std::string& relative) const;
    std::string image_file(const formats::Format& format, const Input& input) const;
    std::string only_file(const formats::Format& format) const;
    bool is_complete(const Input& input) const;

    OutputOptions options_;
    std::vector<std::unique_ptr<formats::RecordWriter>> writers_;
};

}  // namespace dbnet::app
