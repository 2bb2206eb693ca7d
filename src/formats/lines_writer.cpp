#include "formats/lines_writer.hpp"

#include "core/file.hpp"

namespace dbnet::formats {
namespace {

class LinesWriter : public RecordWriter {
public:
    LinesWriter(const std::string& path, std::string_view heading, RenderLines render,
                const WriteOptions& options)
        : file_(path), render_(render), options_(options) {
        file_.write(heading);
    }

    /// Each record by itself, so that a disk that is full for a while costs only some of them.
    void add(const Record& record) override { file_.write_now(render_(record, options_)); }
    void finish() override { file_.commit(); }

private:
    core::AtomicFile file_;
    RenderLines render_;
    WriteOptions options_;
};

}  // namespace

std::unique_ptr<RecordWriter> open_lines(const std::string& path, std::string_view heading,
                                         RenderLines render, const WriteOptions& options) {
    return std::make_unique<LinesWriter>(path, heading, render, options);
}

}  // namespace dbnet::formats
