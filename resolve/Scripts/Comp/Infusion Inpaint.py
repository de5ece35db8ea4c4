# Workspace > Scripts > Comp > Infusion Inpaint, or Script > Comp in Fusion Studio.
import sys

if sys.version_info < (3, 9):
    print("Infusion Inpaint needs Python 3.9 or newer; Fusion found %d.%d." % sys.version_info[:2])
else:
    from infusion_resolve import comp_script

    comp_script.main(globals().get("comp"), globals().get("resolve"))
