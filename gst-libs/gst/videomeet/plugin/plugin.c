/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plugin/plugin.h"

static const VmPlugin plugin = {
#define VM_PLUGIN_VALUE(function) .function = function,
  VM_PLUGIN_FUNCTIONS (VM_PLUGIN_VALUE)
#undef VM_PLUGIN_VALUE
};

const VmPlugin *
vm_plugin_get (void)
{
  return &plugin;
}
