#include "model/onnx_proto.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/wire_format_lite.h>

#include "core/error.hpp"

namespace dbnet::model {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr int kMaxDepth = 32;

/// Counts the messages, strings and unknown fields without building anything.
class ElementCounter {
public:
    ElementCounter(CodedInputStream& stream, std::int64_t limit) : stream_(stream), limit_(limit) {}

    /// The fields of one message, up to the stream's limit. False where the bytes make no sense.
    bool scan(const Descriptor* type, int depth) {
        while (const std::uint32_t tag = stream_.ReadTag())
            if (!field(type, tag, depth)) return false;
        return stream_.ConsumedEntireMessage();
    }

private:
    bool field(const Descriptor* type, std::uint32_t tag, int depth) {
        const auto* known = type == nullptr
                                ? nullptr
                                : type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
        if (known == nullptr) count();
        if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED)
            return WireFormatLite::SkipField(&stream_, tag);
        int length = 0;
        if (!stream_.ReadVarintSizeAsInt(&length)) return false;
        const bool message = known != nullptr && known->type() == FieldDescriptor::TYPE_MESSAGE;
        const bool text = known != nullptr && (known->type() == FieldDescriptor::TYPE_STRING ||
                                               known->type() == FieldDescriptor::TYPE_BYTES);
        if (message || text) count();
        return message ? nested(known->message_type(), length, depth + 1) : stream_.Skip(length);
    }

    bool nested(const Descriptor* type, int length, int depth) {
        if (depth > kMaxDepth) return false;
        const CodedInputStream::Limit outer = stream_.PushLimit(length);
        const bool sane = scan(type, depth);
        stream_.PopLimit(outer);
        return sane;
    }

    void count() {
        if (++elements_ > limit_)
            core::fail(ErrorCode::too_large, "the file has more than ", limit_,
                       " nodes, attributes, tensors and names");
    }

    CodedInputStream& stream_;
    std::int64_t limit_;
    std::int64_t elements_ = 0;
};

bool is_sane(std::span<const std::uint8_t> bytes, std::int64_t max_elements) {
    CodedInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
    return ElementCounter(stream, max_elements).scan(onnx::ModelProto::descriptor(), 0);
}

}  // namespace

onnx::ModelProto parse_model(std::span<const std::uint8_t> bytes, std::int64_t max_elements) {
    const google::protobuf::LogSilencer silencer;
    onnx::ModelProto model;
    CodedInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
    stream.SetRecursionLimit(kMaxDepth);
    if (!is_sane(bytes, max_elements) || !model.ParseFromCodedStream(&stream) ||
        !stream.ConsumedEntireMessage() || !model.has_graph() || model.ir_version() < 1)
        core::fail(ErrorCode::malformed, "this is not an ONNX model, or it is truncated");
    return model;
}

}  // namespace dbnet::model
