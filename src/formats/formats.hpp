#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "formats/input.hpp"
#include "formats/record.hpp"

// The formats that dbnet reads and writes. Each is one file of this folder, which defines one
// Format, and one row of the table in formats.cpp. docs/formats.md describes them for users.
namespace dbnet::formats {

struct WriteOptions {
    Shape shape = Shape::standard;
    bool scores = false;       ///< append the score where the format's usual form has none (icdar)
    bool annotations = false;  ///< as ground truth where that looks different (icdar)
};

/// An open file that holds all records. Records go to a temporary file; finish() completes it and
/// renames it into place. Without finish() nothing remains. Members throw Error{io}.
class RecordWriter {
public:
    RecordWriter() = default;
    virtual ~RecordWriter() = default;
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;
    virtual void add(const Record& record) = 0;
    virtual void finish() = 0;
};

/// Where label files are, as far as the format settles it.
struct LabelFiles {
    enum class Scope {
        per_image,  ///< a file for each image, named after it
        common,     ///< a file for all, which names them
    };
    enum class Folder {
        beside,  ///< with the images
        gts,     ///< in the folder named as that of the images with "images" replaced by "gts"
        labels,  ///< in that whose path has "labels" for "images"
    };

    Scope scope = Scope::per_image;
    std::array<std::string_view, 2> extensions = {};
    /// What may stand before the image's name; the first is written.
    std::array<std::string_view, 3> prefixes = {};
    Folder folder = Folder::beside;
    std::string_view usual = {};  ///< name of the common file in the images' folder
};

/// What a format cannot say of a text is lost when it is written.
struct Holds {
    bool words = false;
    bool illegible = false;
    bool sizes = false;  ///< of the images
};

struct Sample;

/// How much a label file looks like one of a format: 0, not at all, to 100.
struct Likeness {
    int percent = 0;
    std::string why = {};  ///< completes "icdar: "
};

/// One way to write regions down: either one file per image (`render`) or one for all (`open`).
struct Format {
    std::string_view name;       ///< what --format and --data-format call it
    std::string_view prefix;     ///< of the file of results: "res_"
    std::string_view extension;  ///< ".json"

    /// The whole file of one image; null for formats with one file for all images, and for those
    /// that are read only. `image_link` is
    /// how the image is reached from the file's folder.
    std::string (*render)(const Record& record, const std::string& image_link,
                          const WriteOptions& options) = nullptr;

    /// Begins the one file; null for formats with one file per image.
    std::unique_ptr<RecordWriter> (*open)(const std::string& path,
                                          const WriteOptions& options) = nullptr;

    /// Gives the records of a file to the sink; null where nobody would read the format back.
    /// Throws Error: io, malformed (with `file:line` or the place in the document; see RecordSink),
    /// unsupported, too_large.
    void (*read)(const Input& input, const RecordSink& sink) = nullptr;

    /// Whether label files are of the format; null where they are never taken for it.
    Likeness (*recognise)(const Sample& sample) = nullptr;

    LabelFiles labels = {};
    Holds holds = {};
    std::string_view used_by = {};    ///< data sets and tools, for the table in docs/formats.md
    std::string_view illegible = {};  ///< what marks illegible text, for the same table

    bool one_file() const noexcept { return open != nullptr; }
    bool is_written() const noexcept { return open != nullptr || render != nullptr; }
    bool has_common_labels() const noexcept { return labels.scope == LabelFiles::Scope::common; }
    /// Name of the file for an image's stem; of the only file for the stem "predictions".
    std::string file_name(std::string_view stem) const;
    /// The same as ground truth.
    std::string label_name(std::string_view stem) const;
};

/// All formats, in the order in which they are listed to users.
std::span<const Format* const> all();

/// By name; nullptr when there is none.
const Format* find(std::string_view name) noexcept;

/// Writes the file of one image (a format with `render`) atomically. Throws Error{io}.
void write_image_file(const Format& format, const std::string& path, const Record& record,
                      const WriteOptions& options);

/// Reads a whole file into memory. Throws as Format::read does.
std::vector<Record> read_all(const Format& format, const Input& input);

/// One record as the line of JSON that `jsonl` consists of, newline included.
std::string json_line(const Record& record, const WriteOptions& options);

}  // namespace dbnet::formats
