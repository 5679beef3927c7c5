// A hidden tab's timers slow to one a minute; a worker's keep going.
self.onmessage = (event) => {
  setInterval(() => self.postMessage("beat"), event.data * 1000);
};
