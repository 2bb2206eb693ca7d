#include "formats/rows.hpp"

#include <csv.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/error.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kMostFields = 10'000;

/// libcsv's events. Exceptions do not go through it, since it is C.
class Reader {
public:
    Reader(const Input& input, const std::function<void(const Row&, const Place&)>& take)
        : input_(input), take_(take) {
        if (csv_init(&parser_, 0) != 0) throw std::bad_alloc();
        csv_set_blk_size(&parser_, 1 << 16);
        // Blanks around a field are part of it.
        csv_set_space_func(&parser_, [](unsigned char) { return 0; });
    }
    ~Reader() { csv_free(&parser_); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void run() {
        ByteStream stream(input_);
        bool first = true;
        for (std::string_view block = stream.next(); !block.empty(); block = stream.next()) {
            if (std::exchange(first, false) && block.starts_with("\xEF\xBB\xBF"))
                block.remove_prefix(3);
            while (!block.empty()) {
                const std::size_t end = std::min(block.find('\n'), block.size() - 1) + 1;
                feed(block.substr(0, end));
                line_ += block[end - 1] == '\n' ? 1 : 0;
                block.remove_prefix(end);
            }
        }
        csv_set_opts(&parser_, CSV_STRICT | CSV_STRICT_FINI);
        if (csv_fini(&parser_, on_field, on_row, this) != 0) fail("a quoted field is not closed");
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    [[noreturn]] void fail(std::string_view what) const { fail_at({input_.path, begin_}, what); }

    void feed(std::string_view part) {
        if (csv_parse(&parser_, part.data(), part.size(), on_field, on_row, this) != part.size() &&
            !failure_)
            fail(csv_strerror(csv_error(&parser_)));
        if (failure_) std::rethrow_exception(failure_);
    }

    static void on_field(void* text, std::size_t size, void* self) {
        Reader& reader = *static_cast<Reader*>(self);
        reader.guarded([&] {
            if (reader.row_.size() == kMostFields)
                core::fail(ErrorCode::too_large, reader.input_.path, ":", reader.line_,
                           ": more than ", kMostFields, " fields");
            reader.row_.emplace_back(static_cast<const char*>(text), size);
        });
    }

    static void on_row(int, void* self) {
        Reader& reader = *static_cast<Reader*>(self);
        reader.guarded([&] {
            const Row row = std::exchange(reader.row_, {});
            reader.take_(row, {reader.input_.path, reader.begin_});
        });
        reader.begin_ = reader.line_ + 1;
    }

    template <typename Do>
    void guarded(Do what) {
        if (failure_) return;
        try {
            what();
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    const Input& input_;
    const std::function<void(const Row&, const Place&)>& take_;
    csv_parser parser_;
    Row row_;
    std::size_t line_ = 1;
    std::size_t begin_ = 1;  ///< line of the row
    std::exception_ptr failure_;
};

}  // namespace

void read_rows(const Input& input, const std::function<void(const Row&, const Place&)>& take) {
    Reader(input, take).run();
}

std::string quoted(const std::string& field) {
    const bool plain = field.find_first_of(",\"\r\n") == std::string::npos;
    if (plain && !field.starts_with(' ') && !field.ends_with(' ')) return field;
    std::string text = "\"";
    for (const char c : field) text.append(c == '"' ? 2 : 1, c);
    return text + "\"";
}

}  // namespace dbnet::formats
