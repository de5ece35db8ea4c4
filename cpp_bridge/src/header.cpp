#include "header.hpp"

#include <map>
#include <set>

#include "errors.hpp"
#include "header_reader.hpp"

namespace infusion {
namespace {

constexpr std::uint32_t magic = 20000630;
constexpr std::uint32_t version = 2;
constexpr std::uint32_t flag_tiled = 0x200, flag_long_names = 0x400, flag_deep = 0x800, flag_multipart = 0x1000;
// OpenEXR's own bound on coordinates: sums and differences of two stay within 32 bits.
constexpr std::int32_t far = 0x3fffffff;

struct Value {
    std::string type;
    Bytes bytes;
    std::size_t at;
};
using Values = std::map<std::string, Value>;

const std::set<std::string> wanted = {"channels", "compression", "dataWindow", "lineOrder", "tiles",
                                      "type",     "chunkCount",  "dwaCompressionLevel"};

// The attributes of one part that the bridge looks into; the others are only passed.
Values read_values(HeaderReader& reader, std::string name) {
    Values values;
    for (; !name.empty(); name = reader.text()) {
        const std::string type = reader.text();
        const auto size = reader.number<std::int32_t>();
        if (size < 0) fail_input("The file is damaged: attribute '" + name + "' has a negative size.");
        const std::size_t at = reader.position();
        const auto* bytes = reader.take(static_cast<std::uint64_t>(size));
        if (wanted.count(name) == 0) continue;
        if (!values.emplace(name, Value{type, Bytes(bytes, bytes + size), at}).second) {
            fail_input("The file is damaged: its header has attribute '" + name + "' twice.");
        }
    }
    return values;
}

const Value* find(const Values& values, const std::string& name, const std::string& type, std::size_t size) {
    const auto found = values.find(name);
    if (found == values.end()) return nullptr;
    const Value& value = found->second;
    if (value.type != type || (size != 0 && value.bytes.size() != size)) {
        fail_input("The file is damaged: attribute '" + name + "' is not a sound " + type + ".");
    }
    return &value;
}

const Value& require(const Values& values, const std::string& name, const std::string& type, std::size_t size) {
    const Value* value = find(values, name, type, size);
    if (value == nullptr) fail_input("The file is damaged: its header lacks attribute '" + name + "'.");
    return *value;
}

std::vector<Channel> parse_channels(const Bytes& bytes) {
    MemorySource source(bytes.data(), bytes.size());
    HeaderReader reader(source);
    std::vector<Channel> channels;
    std::set<std::string> names;
    for (std::string name = reader.text(); !name.empty(); name = reader.text()) {
        const auto type = reader.number<std::int32_t>();
        reader.take(4);  // pLinear and three reserved bytes
        const auto x_sampling = reader.number<std::int32_t>();
        const auto y_sampling = reader.number<std::int32_t>();
        if (type < 0 || type > 2 || x_sampling < 1 || y_sampling < 1 || !names.insert(name).second) {
            fail_input("The file is damaged: its channel list is not sound.");
        }
        channels.push_back({name, static_cast<PixelType>(type), x_sampling, y_sampling});
    }
    if (channels.empty()) fail_input("The file is damaged: it has no channels.");
    return channels;
}

Window parse_window(const Bytes& bytes) {
    std::int32_t edge[4];
    for (int i = 0; i < 4; ++i) {
        edge[i] = load<std::int32_t>(bytes.data() + 4 * i);
        if (edge[i] < -far || edge[i] > far) fail_input("The file is damaged: its data window is out of range.");
    }
    if (edge[2] < edge[0] || edge[3] < edge[1]) fail_input("The file is damaged: its data window is empty.");
    return {edge[0], edge[1], std::int64_t{edge[2]} + 1, std::int64_t{edge[3]} + 1};
}

Tiling parse_tiling(const Bytes& bytes) {
    Tiling tiling;
    tiling.width = load<std::uint32_t>(bytes.data());
    tiling.height = load<std::uint32_t>(bytes.data() + 4);
    const std::uint8_t mode = bytes[8];
    const bool sound = tiling.width > 0 && tiling.height > 0 && tiling.width <= std::uint32_t{far} &&
                       tiling.height <= std::uint32_t{far} && (mode & 0x0f) <= 2 && (mode >> 4) <= 1;
    if (!sound) fail_input("The file is damaged: its tile description is not sound.");
    tiling.mode = static_cast<LevelMode>(mode & 0x0f);
    tiling.round_up = (mode >> 4) == 1;
    return tiling;
}

Storage storage_of(const Values& values, std::uint32_t flags) {
    // In a plain single-part file the version flags decide, whatever a 'type' attribute says.
    if ((flags & (flag_deep | flag_multipart)) == 0) {
        return (flags & flag_tiled) != 0 ? Storage::tiled : Storage::scanline;
    }
    const Bytes& bytes = require(values, "type", "string", 0).bytes;
    const std::string type(bytes.begin(), bytes.end());
    if (type == "scanlineimage") return Storage::scanline;
    if (type == "tiledimage") return Storage::tiled;
    if (type == "deepscanline") return Storage::deep_scanline;
    if (type == "deeptile") return Storage::deep_tiled;
    fail_input("The file has a part of a type that is not known.");
}

Part parse_part(const Values& values, std::uint32_t flags) {
    Part part;
    part.storage = storage_of(values, flags);
    part.channel_list = require(values, "channels", "chlist", 0).bytes;
    part.channels = parse_channels(part.channel_list);
    part.data_window = parse_window(require(values, "dataWindow", "box2i", 16).bytes);
    const Value& compression = require(values, "compression", "compression", 1);
    part.compression = compression.bytes[0];
    part.compression_at = compression.at;
    part.bottom_up = require(values, "lineOrder", "lineOrder", 1).bytes[0] == 1;
    if (part.tiled()) part.tiling = parse_tiling(require(values, "tiles", "tiledesc", 9).bytes);
    if (const Value* level = find(values, "dwaCompressionLevel", "float", 4)) {
        part.dwa_level = load_float(level->bytes.data());
    }
    if (const Value* count = find(values, "chunkCount", "int", 4)) {
        part.chunk_count = load<std::int32_t>(count->bytes.data());
        part.chunk_count_at = count->at;
    }
    return part;
}

}  // namespace

std::uint64_t bytes_per_pixel(PixelType type) { return type == PixelType::half ? 2 : 4; }

const Channel* Part::find(const std::string& name) const {
    for (const Channel& channel : channels) {
        if (channel.name == name) return &channel;
    }
    return nullptr;
}

const Part& Header::part(int number) const {
    if (number < 0 || static_cast<std::size_t>(number) >= parts.size()) {
        fail_input("There is no part " + std::to_string(number) + " in the file; it has " +
                   std::to_string(parts.size()) + ".");
    }
    return parts[static_cast<std::size_t>(number)];
}

Header read_header(Source& source) {
    HeaderReader reader(source);
    if (source.size() < 8 || reader.number<std::uint32_t>() != magic) fail_input("This is not an OpenEXR file.");
    const auto flags = reader.number<std::uint32_t>();
    constexpr auto known = flag_tiled | flag_long_names | flag_deep | flag_multipart;
    if ((flags & 0xff) != version || (flags & ~(known | 0xffu)) != 0) {
        fail_input("This OpenEXR file is of a version that is not known.");
    }
    Header header;
    header.multipart = (flags & flag_multipart) != 0;
    header.long_names = (flags & flag_long_names) != 0;
    for (std::string name = reader.text(); !name.empty() || header.parts.empty(); name = reader.text()) {
        header.parts.push_back(parse_part(read_values(reader, name), flags));
        if (!header.multipart) break;
    }
    header.bytes = reader.release();
    return header;
}

}  // namespace infusion
