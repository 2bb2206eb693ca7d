#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

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

/// One way to write regions down: either one file per image (`render`) or one for all (`open`).
struct Format {
    std::string_view name;       ///< what --format calls it
    std::string_view prefix;     ///< of the file's name: "res_"
    std::string_view extension;  ///< ".json"

    /// The whole file of one image; null for formats with one file for all images, and for those
    /// that are read only. `image_link` is
    /// how the image is reached from the file's folder.
    std::string (*render)(const Record& record, const std::string& image_link,
                          const WriteOptions& options);

    /// Begins the one file; null for formats with one file per image.
    std::unique_ptr<RecordWriter> (*open)(const std::string& path, const WriteOptions& options);

    /// Gives the records of a file to the sink; null where nobody would read the format back.
    /// Throws Error: io, malformed (with `file:line` or the place in the document; see RecordSink),
    /// too_large.
    void (*read)(const std::string& path, const RecordSink& sink);

    bool one_file() const noexcept { return open != nullptr; }
    bool is_written() const noexcept { return open != nullptr || render != nullptr; }
    /// Name of the file for an image's stem; of the only file for the stem "predictions".
    std::string file_name(std::string_view stem) const;
};

/// All formats, in the order in which they are listed to users.
std::span<const Format* const> all();

/// By name; nullptr when there is none.
const Format* find(std::string_view name) noexcept;

/// Writes the file of one image (a format with `render`) atomically. Throws Error{io}.
void write_image_file(const Format& format, const std::string& path, const Record& record,
                      const WriteOptions& options);

/// Reads a whole file into memory. Throws as Format::read does.
std::vector<Record> read_all(const Format& format, const std::string& path);

/// One record as the line of JSON that `jsonl` consists of, newline included.
std::string json_line(const Record& record, const WriteOptions& options);

}  // namespace dbnet::formats
