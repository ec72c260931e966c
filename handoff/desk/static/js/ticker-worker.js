// A browser slows the timers of a page nobody looks at to one a minute; a worker's go on. The heartbeat and the bell need them.
setInterval(() => postMessage("tick"), 1000);
