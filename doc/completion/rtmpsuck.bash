# SPDX-License-Identifier: MIT
# Completion of rtmpsuck for bash.
complete -o default -W '--help --device --sport --debug' rtmpsuck
