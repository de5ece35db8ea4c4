# SPDX-License-Identifier: GPL-3.0-or-later
"""What the buttons do. Without an interface a run is followed to its end."""

import sys

import bpy
from bpy.props import BoolProperty, StringProperty

from infusion_blender import node, run, watch
from infusion_plugin import farm, job
from infusion_plugin.errors import PluginError
from infusion_plugin.follow import follow

Result = set[str]


def _say(text: str) -> None:
    """A line for a terminal or a farm's log, at once: Blender's own reports wait in a buffer."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Infusion:
    """What the operators have in common: which node they work on, how they tell of failure."""

    name: StringProperty(name="Node", description="Its name; empty: the active one, else the only one")
    wait: BoolProperty(
        name="Wait",
        description="Without an interface: wait for the end of the run and show its result",
        default=True,
    )

    def execute(self, context: bpy.types.Context) -> Result:
        try:
            return self.act(context, node.find(context.scene, self.name))
        except PluginError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    def start(self, tree: bpy.types.NodeTree, task: job.Run) -> Result:
        """Start the worker on the node's job, and follow it."""
        client = run.client_of(tree)
        client.start(task)
        return self.follow(tree)

    def follow(self, tree: bpy.types.NodeTree) -> Result:
        """Follow the node's run: in the background with an interface, to its end without one."""
        client = run.client_of(tree)
        if bpy.app.background and self.wait:
            try:
                follow(client, _say)
            except KeyboardInterrupt:
                client.cancel()
                raise
        watch.watch(tree, client)
        state = watch.state_of(tree)
        if state.status == "failed" or (state.status == "cancelled" and bpy.app.background):
            raise PluginError(state.describe())
        return {"FINISHED"}


class INFUSION_OT_add_node(bpy.types.Operator):
    """Add an Infusion Inpaint node to the compositor"""

    bl_idname = "infusion.add_node"
    bl_label = "Infusion Inpaint"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Result:
        made = node.create(context.scene)
        for other in context.scene.node_tree.nodes:
            other.select = other == made
        context.scene.node_tree.nodes.active = made
        return {"FINISHED"}


class Writing(Infusion):
    """What the operators have in common that write the inputs and then ``begin`` the node's new job."""

    def act(self, context: bpy.types.Context, ours: bpy.types.Node) -> Result:
        for _ in run.prepare(context.scene, ours):
            pass
        return self.begin(ours.node_tree)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        """With an interface the inputs are written a frame at a time, so that Esc is heard."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._node = node.find(context.scene, self.name)
        except PluginError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._writing = run.prepare(context.scene, self._node)
        manager = context.window_manager
        self._timer = manager.event_timer_add(0.01, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        """Nothing else is let through while the inputs are written: the scene has to stay as it is."""
        if event.type == "ESC":
            self._writing.close()
            return self._end(context, {"CANCELLED"})
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        try:
            context.window_manager.progress_update(100 * next(self._writing))
            return {"RUNNING_MODAL"}
        except StopIteration:
            self._end(context, {"FINISHED"})
        except PluginError as error:
            self.report({"ERROR"}, str(error))
            return self._end(context, {"CANCELLED"})
        try:
            return self.begin(self._node.node_tree)
        except PluginError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    def _end(self, context: bpy.types.Context, result: Result) -> Result:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        return result


class INFUSION_OT_inpaint(Writing, bpy.types.Operator):
    """Write the inputs, train on the shot, fill the hole"""

    bl_idname = "infusion.inpaint"
    bl_label = "Inpaint"
    bl_options = {"REGISTER", "UNDO"}

    def begin(self, tree: bpy.types.NodeTree) -> Result:
        return self.start(tree, job.Run())


class INFUSION_OT_send_to_farm(Writing, bpy.types.Operator):
    """Write the inputs and hand the job to the render farm"""

    bl_idname = "infusion.send_to_farm"
    bl_label = "Send to farm"
    bl_options = {"REGISTER", "UNDO"}

    def begin(self, tree: bpy.types.NodeTree) -> Result:
        client = run.client_of(tree)
        self.report({"INFO"}, farm.submit(client.folder, host_root=run.blender_folder()))
        watch.watch(tree, client)
        return {"FINISHED"}


class INFUSION_OT_resume(Infusion, bpy.types.Operator):
    """Go on with the last run from its checkpoint"""

    bl_idname = "infusion.resume"
    bl_label = "Resume"

    def act(self, context: bpy.types.Context, ours: bpy.types.Node) -> Result:
        return self.start(ours.node_tree, job.Run(resume=True))


class INFUSION_OT_render_take(Infusion, bpy.types.Operator):
    """Fill again from the models already trained, with the present Seed: minutes, not hours"""

    bl_idname = "infusion.render_take"
    bl_label = "Render take"
    bl_options = {"REGISTER", "UNDO"}

    def act(self, context: bpy.types.Context, ours: bpy.types.Node) -> Result:
        return self.start(ours.node_tree, run.take(ours.node_tree))


class INFUSION_OT_cancel(Infusion, bpy.types.Operator):
    """Stop the run; what is done is kept for Resume"""

    bl_idname = "infusion.cancel"
    bl_label = "Cancel"

    def act(self, context: bpy.types.Context, ours: bpy.types.Node) -> Result:
        client = run.client_of(ours.node_tree)
        if farm.holds(client.folder):
            raise PluginError(farm.KEPT_THERE, remedy="Stop it there; Inpaint begins a new version.")
        client.cancel()
        return {"FINISHED"}


class INFUSION_OT_refresh(Infusion, bpy.types.Operator):
    """Read the job folder again, e.g. of a run that another Blender has started"""

    bl_idname = "infusion.refresh"
    bl_label = "Refresh"

    def act(self, context: bpy.types.Context, ours: bpy.types.Node) -> Result:
        return self.follow(ours.node_tree)


CLASSES = (
    INFUSION_OT_add_node,
    INFUSION_OT_inpaint,
    INFUSION_OT_send_to_farm,
    INFUSION_OT_resume,
    INFUSION_OT_render_take,
    INFUSION_OT_cancel,
    INFUSION_OT_refresh,
)
