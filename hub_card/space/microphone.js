// The microphone of the live view. One part of the sound is on its way at a time, and what is recorded meanwhile goes
// with the next: however slow the server is, nothing is lost, and all comes in its order.
const EVERY_MS = 300;
const LOST = "The server did not answer. Press Record to start again.";
const REFUSED = "The microphone cannot be used. Allow it in the browser, and press Record again.";
const WORKLET = URL.createObjectURL(new Blob([`registerProcessor("samples", class extends AudioWorkletProcessor {
    process([[samples]]) {
        if (samples) this.port.postMessage(samples.slice());
        return true;
    }
})`], { type: "text/javascript" }));
let stop = null; // ends what is being recorded

async function openMicrophone() {
    const context = new AudioContext();
    await context.resume(); // a browser may start it suspended
    await context.audioWorklet.addModule(WORKLET);
    const worklet = new AudioWorkletNode(context, "samples", { numberOfOutputs: 0 });
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    context.createMediaStreamSource(stream).connect(worklet);
    let parts = [];
    worklet.port.onmessage = ({ data }) => parts.push(data);
    const take = () => { const taken = parts; parts = []; return taken; };
    const close = () => { for (const track of stream.getTracks()) track.stop(); return context.suspend(); };
    return { rate: context.sampleRate, take, close };
}

// Base64 of the samples as float32.
function encode(parts) {
    return new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result.split(",")[1] ?? "");
        reader.readAsDataURL(new Blob(parts));
    });
}

async function record(microphone, stopped) {
    let isLast = false;
    stopped.then(() => { isLast = true; microphone.close(); }); // at once, though an answer may be on its way
    for (let speaker = null, more = true; more;) {
        await Promise.race([stopped, new Promise((done) => setTimeout(done, EVERY_MS))]);
        more = !isLast;
        const samples = await encode(microphone.take());
        const told = { speaker, model: props.model, rate: microphone.rate, samples, is_last: !more };
        [speaker, props.value] = await server.hear(told);
        more &&= speaker !== null;
    }
}

async function start() {
    const stopped = new Promise((done) => { stop = done; });
    props.is_recording = true;
    let microphone = null;
    try {
        microphone = await openMicrophone();
        await record(microphone, stopped);
    } catch (error) {
        console.warn(error);
        const said = document.createElement("p");
        said.className = "message";
        said.textContent = microphone ? LOST : REFUSED;
        props.value = said.outerHTML;
    }
    await microphone?.close();
    props.is_recording = false;
    stop = null;
}

element.addEventListener("click", (event) => {
    if (event.target.closest("button")) stop ? stop() : start();
});
