#include "splice.hpp"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "bindings.hpp"

namespace py = pybind11;

namespace infusion {
namespace {

PixelType type_of(const py::dtype& dtype) {
    if (dtype.kind() == 'f' && dtype.itemsize() == 2) return PixelType::half;
    if (dtype.kind() == 'f' && dtype.itemsize() == 4) return PixelType::float_;
    if (dtype.kind() == 'u' && dtype.itemsize() == 4) return PixelType::uint;
    throw py::type_error("pixels must be float16, float32 or uint32");
}

void check_array(const py::array& array, const Window& rectangle) {
    const bool fits = array.ndim() == 2 && array.shape(0) == rectangle.height() &&
                      array.shape(1) == rectangle.width() && (array.flags() & py::array::c_style) != 0;
    if (!fits) throw py::value_error("pixels and mask must be contiguous (H, W) arrays of the rectangle's size");
}

SpliceReport splice_arrays(const std::filesystem::path& source, const std::filesystem::path& target, int part,
                           const Edges& rectangle, const std::vector<std::pair<std::string, py::array>>& pixels,
                           const py::array_t<bool>& mask, bool exact, int threads) {
    Patch patch;
    patch.part = part;
    patch.rectangle = window_of(rectangle);
    check_array(mask, patch.rectangle);
    patch.mask = reinterpret_cast<const std::uint8_t*>(mask.data());
    for (const auto& [name, array] : pixels) {
        check_array(array, patch.rectangle);
        patch.channels.push_back({name, type_of(array.dtype()), static_cast<const std::uint8_t*>(array.data())});
    }
    const py::gil_scoped_release unlocked;
    return splice(source, target, patch, exact, threads);
}

}  // namespace

void bind_splice(py::module_& module) {
    py::class_<SpliceReport>(module, "SpliceReport")
        .def_readonly("compression", &SpliceReport::compression)
        .def_readonly("chunks_copied", &SpliceReport::chunks_copied)
        .def_readonly("chunks_encoded", &SpliceReport::chunks_encoded)
        .def_readonly("bytes_copied", &SpliceReport::bytes_copied);
    module.def("splice", &splice_arrays, py::arg("source"), py::arg("target"), py::arg("part"),
               py::arg("rectangle"), py::arg("pixels"), py::arg("mask").noconvert(), py::arg("exact"),
               py::arg("threads"));
}

}  // namespace infusion
