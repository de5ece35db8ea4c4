# Workspace > Scripts > Color > Infusion Inpaint: fills the clip under the playhead.
import sys

if sys.version_info < (3, 9):
    print("Infusion Inpaint needs Python 3.9 or newer; Resolve found %d.%d." % sys.version_info[:2])
else:
    from infusion_resolve import timeline_script

    timeline_script.main(globals().get("resolve"), globals().get("fusion"))
