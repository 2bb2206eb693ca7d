// TensorBoard's event files: a sequence of records, each
//
//   length (64 bits), checksum of these 8 bytes, content, checksum of the content
//
// in little-endian order, where the content is a message `Event` in protobuf's wire format and the
// checksum CRC-32C, rotated and shifted so that checksums of data with embedded checksums stay
// sound. Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto,
// tensorflow/core/framework/summary.proto.
#include "app/tensorboard.hpp"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "image/encode.hpp"

namespace dbnet::app {
namespace {

/// Fields of the messages.
namespace event {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace summary {
constexpr int kValue = 1, kTag = 1, kSimpleValue = 2, kImage = 4;
}
namespace picture {
constexpr int kHeight = 1, kWidth = 2, kColourspace = 3, kEncoded = 4;
constexpr std::uint64_t kRgb = 3;
}  // namespace picture
namespace session {
constexpr int kStatus = 1;
constexpr std::uint64_t kStart = 1;
}  // namespace session

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
    constexpr std::uint32_t kCastagnoli = 0x82f63b78;  // reflected
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        table[i] = i;
        for (int bit = 0; bit < 8; ++bit)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? kCastagnoli : 0);
    }
    return table;
}();

std::uint32_t masked_crc(std::string_view bytes) {
    std::uint32_t crc = ~0u;
    for (const char c : bytes)
        crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 255];
    return std::rotr(~crc, 15) + 0xa282ead8;
}

template <typename Unsigned>
std::string little_endian(Unsigned value) {
    std::string bytes;
    for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> 8 * i & 255);
    return bytes;
}

std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value > 127; value >>= 7) bytes += static_cast<char>(value | 128);
    return bytes + static_cast<char>(value);
}

enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string key(int field, WireType type) {
    return varint(static_cast<std::uint64_t>(field) << 3 | type);
}

std::string number_field(int field, std::uint64_t value) {
    return key(field, kVarint) + varint(value);
}
std::string float_field(int field, float value) {
    return key(field, kFixed32) + little_endian(std::bit_cast<std::uint32_t>(value));
}
std::string double_field(int field, double value) {
    return key(field, kFixed64) + little_endian(std::bit_cast<std::uint64_t>(value));
}
std::string bytes_field(int field, std::string_view bytes) {
    return key(field, kBytes) + varint(bytes.size()) + std::string(bytes);
}

double wall_time() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

/// TensorBoard reads the files of a folder in the order of their names.
std::string new_file(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) core::fail(ErrorCode::io, folder, ": cannot make the folder: ", error.message());
    char text[64];
    std::snprintf(text, sizeof text, "/events.out.tfevents.%017.6f.%d", wall_time(), ::getpid());
    return folder + text;
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::string& folder, std::uint64_t first_step)
    : file_(new_file(folder)) {
    add_event(0, event::kFileVersion, "brain.Event:2");
    add_event(first_step, event::kSessionLog, number_field(session::kStatus, session::kStart));
}

void TensorBoardWriter::add_scalars(std::uint64_t step, const Scalars& scalars) {
    std::string content;
    for (const auto& [tag, value] : scalars)
        if (std::isfinite(value))
            content += bytes_field(
                summary::kValue, bytes_field(summary::kTag, tag) +
                                     float_field(summary::kSimpleValue, static_cast<float>(value)));
    add_event(step, event::kSummary, content);
}

void TensorBoardWriter::add_image(std::uint64_t step, const std::string& tag, const Image& image) {
    const image::Bytes encoded = image::encode_jpeg(image);
    const std::string content =
        number_field(picture::kHeight, static_cast<std::uint64_t>(image.height())) +
        number_field(picture::kWidth, static_cast<std::uint64_t>(image.width())) +
        number_field(picture::kColourspace, picture::kRgb) +
        bytes_field(picture::kEncoded,
                    {reinterpret_cast<const char*>(encoded.data()), encoded.size()});
    add_event(step, event::kSummary,
              bytes_field(summary::kValue,
                          bytes_field(summary::kTag, tag) + bytes_field(summary::kImage, content)));
}

void TensorBoardWriter::add_event(std::uint64_t step, int field, const std::string& content) {
    const std::string record = double_field(event::kWallTime, wall_time()) +
                               number_field(event::kStep, step) + bytes_field(field, content);
    const std::string length = little_endian(std::uint64_t{record.size()});
    file_.append(length + little_endian(masked_crc(length)) + record +
                 little_endian(masked_crc(record)));
}

}  // namespace dbnet::app
